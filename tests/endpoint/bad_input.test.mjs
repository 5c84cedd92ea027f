// Malformed, missing, repeated, oversized, undecodable input for every endpoint, whatever it is: the parameters and
// their limits are read from the programs themselves. Each answer is the specified one, and nothing is changed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { call, endpoints, rows } from '../lib/endpoint.mjs';
import { textOf } from '../lib/html.mjs';
import { challenge, random } from '../lib/client.mjs';
import { PASSWORD, install } from '../lib/server.mjs';

const FORM = 'application/x-www-form-urlencoded';
const QUERY_LIMIT = 16384;
const BODY_LIMIT = 65536;
const ALL = endpoints();

let server;
let base; // an authorization request that is refused for one reason alone: nobody is signed in

before(async () => {
	server = await install({ signup: true });
	await server.configure({ log_file: '' });
	const client = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
	base = {
		client_id: client.client_id, redirect_uri: 'https://web.example/cb', response_type: 'code', scope: 'openid', prompt: 'none',
		code_challenge: challenge(random()), code_challenge_method: 'S256',
	};
});

after(() => server.stop());

/* ---- what holds for every answer */

function assertSound(endpoint, answer, what) {
	const said = `${endpoint.name}, ${what}: ${answer.stdout.slice(0, 600)}${answer.stderr}`;
	assert.equal(answer.code, 0, said);
	assert.ok(answer.status, said);
	assert.ok(answer.status < 500, said);
	assert.doesNotMatch(answer.stderr, / (error|warning): |Sanitizer|runtime error/, said);
	for (const line of answer.stderr.split('\n').filter(Boolean))
		assert.match(line, new RegExp(`^\\S+Z ${endpoint.name}\\[\\d+\\] [0-9a-f]{16} (info|debug): `), said);
	assert.equal(answer.headers['x-content-type-options'], 'nosniff', said);
	assert.equal(answer.headers['access-control-allow-origin'], endpoint.cors ? '*' : undefined, said);
	assert.equal(Object.keys(answer.headers).includes('set-cookie') && answer.status >= 400, false, said);
	if (answer.headers['content-length'] !== undefined && !/\bHEAD\b/.test(what))
		assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.text), said);
	return said;
}

/** A refusal in the endpoint's own form, with this status and (if given) error and description. */
function assertRefused(endpoint, answer, status, { what, error, description }) {
	const said = assertSound(endpoint, answer, what);
	assert.ok([status].flat().includes(answer.status), `not ${status}: ${said}`);
	assert.equal(answer.headers['cache-control'], 'no-store', said);
	if (endpoint.answers === 'pages') {
		assert.match(answer.headers['content-type'], /^text\/html; charset=utf-8$/, said);
		assert.match(answer.text, /^<!DOCTYPE html>[\s\S]*<h1>[\s\S]*<\/html>\s*$/, said);
		if (error)
			assert.ok(answer.text.includes(`<code>${error}</code>`), said);
		if (description)
			assert.ok(textOf(answer.text).includes(description), said);
		return;
	}
	assert.equal(answer.headers['content-type'], 'application/json', said);
	const json = JSON.parse(answer.text);
	assert.deepEqual(Object.keys(json), ['error', 'error_description'], said);
	if (error)
		assert.ok([error].flat().includes(json.error), said);
	if (description)
		assert.equal(json.error_description, description, said);
	if (endpoint.answers === 'bearer' && [400, 401, 403].includes(answer.status))
		assert.match(answer.headers['www-authenticate'], /^Bearer realm="/, said);
}

/** An error that goes to the client. */
function assertSentBack(endpoint, answer, { what, error, description }) {
	const said = assertSound(endpoint, answer, what);
	assert.equal(answer.status, 303, said);
	const location = new URL(answer.headers.location);
	assert.equal(location.origin + location.pathname, base.redirect_uri, said);
	assert.ok([error].flat().includes(location.searchParams.get('error')), said);
	if (description)
		assert.equal(location.searchParams.get('error_description'), description, said);
	assert.equal(location.searchParams.get('code'), null, said);
	assert.equal(answer.headers['set-cookie'], undefined, said);
}

/** Runs `body`, and compares all that is stored before and after. */
async function changesNothing(body) {
	const stored = await rows(server.directory);
	await body();
	assert.deepEqual(await rows(server.directory), stored);
}

const encode = (fields) => new URLSearchParams(fields).toString();

/** The same parameters in the query of a GET or the body of a POST; text: already encoded. */
const sent = (method, text) => (method === 'GET' ? { method, query: text } : { method, body: text });

/* ---- parameters */

const REFUSED = 'refused', ABSENT = 'absent', FINE = 'fine', TOO_LARGE = 'too large';

// Not for their form: state is the client's own, the others are looked for among names that are registered.
const ANY_BYTES = ['state', 'resource', 'audience'];

/** Each way to spoil one parameter: [what, encoded text, what becomes of it, description]. */
function spoiled(parameter, method) {
	const { name, longest } = parameter;
	const is = (what) => `The parameter ${name} is ${what}.`;
	const list = [
		['one byte too long', `${name}=${'1'.repeat(longest + 1)}`, REFUSED, is('too long')],
		['encoded and too long', `${name}=${'%31'.repeat(longest + 1)}`, REFUSED, is('too long')],
		['as long as may be', `${name}=${'1'.repeat(longest)}`, FINE],
		['with a NUL', `${name}=a%00b`, REFUSED, is('malformed')],
		['only a NUL', `${name}=%00`, REFUSED, is('malformed')],
		['broken escape', `${name}=a%4`, REFUSED, is('malformed')],
		['broken escape', `${name}=%`, REFUSED, is('malformed')],
		['broken escape', `${name}=%zz`, REFUSED, is('malformed')],
		['broken escape', `${name}=%-1`, REFUSED, is('malformed')],
		['empty', `${name}=`, ABSENT],
		['without a value', name, ABSENT],
		['empty twice', `${name}=&${name}=`, ABSENT],
	];
	if (ANY_BYTES.includes(name))
		list.push(['not UTF-8', `${name}=%ff`, FINE]);
	else
		list.push(['not UTF-8', `${name}=%ff`, REFUSED, is('malformed')], ['overlong UTF-8', `${name}=%c0%af`, REFUSED, is('malformed')],
			['a surrogate', `${name}=%ed%a0%80`, REFUSED, is('malformed')]);
	if (!parameter.repeatable)
		list.push(['repeated', `${name}=1&${name}=1`, REFUSED, is('repeated')], ['repeated, with another name encoded',
			`${name}=1&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=2`, REFUSED, is('repeated')]);
	const raw = (bytes) => Buffer.concat([Buffer.from(`${name}=a`), Buffer.from(bytes), Buffer.from('b')]);
	if (method === 'POST')
		list.push(['with a raw NUL', raw([0]), REFUSED, is('malformed')]);
	if (method === 'POST' && !ANY_BYTES.includes(name))
		list.push(['with a raw byte', raw([0xff]), REFUSED, is('malformed')]);
	return list.map(([what, text, outcome, description]) => {
		const large = method === 'GET' ? text.length > QUERY_LIMIT : text.length > BODY_LIMIT;
		return { what: `${method} ${name} ${what}`, text, description, outcome: large ? TOO_LARGE : outcome };
	});
}

/** A resource that is no URI may have an error of its own (RFC 8707 2). */
const problemOf = ({ name }, description) => (name === 'resource' ? { error: ['invalid_target', 'invalid_request'] } : { error: 'invalid_request', description });

/** Refused or not, an answer says nothing about the length of what is as long as may be. */
function assertNotTooLong(endpoint, answer, what) {
	const said = assertSound(endpoint, answer, what);
	assert.doesNotMatch(decodeURIComponent(`${answer.text}${answer.headers.location ?? ''}`.replace(/%(?![\da-f]{2})/gi, '%25')
		.replace(/%[89a-f][\da-f]/gi, '?')), /is too long/, said);
}

const bytesOf = (encoded) => encoded.replace(/%([\da-f]{2})/gi, (all, hex) => String.fromCharCode(parseInt(hex, 16)));

/** Pages and URLs without what differs from one request to the next. */
const same = (answer) => [answer.status, `${answer.text}${answer.headers.location ?? ''}`.replace(/\b[0-9a-f]{16}\b/g, 'ID')];

// authorize answers the client once it knows whom it talks to; signup tells most beside its form, which needs a flow.
const OWN_TESTS = ['authorize', 'signup'];

for (const endpoint of ALL.filter(({ name, parameters }) => parameters.length > 0 && !OWN_TESTS.includes(name))) {
	describe(`parameters of ${endpoint.name}`, () => {
		for (const method of endpoint.methods) {
			if (method === 'POST' && endpoint.body === 'json')
				continue; // it has none: see flow/account_bad_input
			test(method, () => changesNothing(async () => {
				// A GET of login with nothing wrong opens a flow, which is stored.
				const opens = ['login', 'reset'].includes(endpoint.name) && method === 'GET';
				const nothing = opens ? null : await call(server, endpoint.name, sent(method, 'unknown=%zz'));
				if (nothing)
					assertSound(endpoint, nothing, 'nothing');
				for (const parameter of endpoint.parameters) {
					for (const { what, text, outcome, description } of spoiled(parameter, method)) {
						if (opens && ![REFUSED, TOO_LARGE].includes(outcome))
							continue;
						const answer = await call(server, endpoint.name, sent(method, text));
						if (outcome === REFUSED)
							assertRefused(endpoint, answer, 400, { what, ...problemOf(parameter, description) });
						else if (outcome === TOO_LARGE)
							assertRefused(endpoint, answer, 413, { what, error: 'invalid_request' });
						else if (outcome === ABSENT)
							assert.deepEqual(same(answer), same(nothing), assertSound(endpoint, answer, what));
						else
							assertNotTooLong(endpoint, answer, what);
					}
				}
			}, endpoint));
		}
	});
}

describe('parameters of authorize', () => {
	const authorize = ALL.find(({ name }) => name === 'authorize');
	const FIRST = ['client_id', 'redirect_uri'];
	const others = (name, more = {}) => encode(Object.entries({ ...base, ...more }).filter(([key]) => key !== name));

	test('the request itself is fine', () => changesNothing(async () => {
		const answer = await call(server, 'authorize', sent('GET', encode(base)));
		assertSentBack(authorize, answer, { what: 'good', error: 'login_required' });
	}));

	test('each parameter, spoiled', () => changesNothing(async () => {
		for (const parameter of authorize.parameters.filter(({ name }) => name !== 'flow')) {
			const rest = others(parameter.name);
			const opens = { prompt: [FINE, ABSENT], claims: [FINE], id_token_hint: [FINE] }[parameter.name] ?? []; // a flow, which is stored
			const nothing = opens.includes(ABSENT) ? null : await call(server, 'authorize', sent('GET', rest));
			for (const { what, text, outcome, description } of spoiled(parameter, 'GET')) {
				if (opens.includes(outcome))
					continue;
				const query = `${rest}&${text}`;
				const answer = await call(server, 'authorize', sent('GET', query));
				const first = FIRST.includes(parameter.name);
				if (query.length > QUERY_LIMIT)
					assertRefused(authorize, answer, 413, { what, error: 'invalid_request' });
				else if (outcome === REFUSED && first)
					assertRefused(authorize, answer, 400, { what, error: 'invalid_request', description });
				else if (outcome === REFUSED)
					assertSentBack(authorize, answer, { what, ...problemOf(parameter, description) });
				else if (outcome === ABSENT)
					assert.deepEqual(same(answer), same(nothing), assertSound(authorize, answer, what));
				else
					assertNotTooLong(authorize, answer, what);
			}
		}
	}));

	test('each parameter, missing', () => changesNothing(async () => {
		const expected = {
			client_id: 'The parameter client_id is missing.',
			redirect_uri: 'The parameter redirect_uri is missing.',
			response_type: 'The parameter response_type is missing.',
			scope: 'The scope must contain openid.',
			code_challenge: 'code_challenge_method stands without code_challenge.',
			code_challenge_method: 'Only code_challenge_method=S256 is supported.',
		};
		for (const [name, description] of Object.entries(expected)) {
			for (const method of ['GET', 'POST']) {
				const answer = await call(server, 'authorize', sent(method, others(name)));
				const what = `${method} without ${name}`;
				if (FIRST.includes(name))
					assertRefused(authorize, answer, 400, { what, error: 'invalid_request', description });
				else
					assertSentBack(authorize, answer, { what, error: name === 'scope' ? 'invalid_scope' : 'invalid_request', description });
			}
		}
	}));

	test('in a body, with raw bytes', () => changesNothing(async () => {
		for (const parameter of authorize.parameters.filter(({ name }) => ![...FIRST, 'state', 'flow'].includes(name))) {
			const rest = others(parameter.name);
			for (const byte of [0, 0xff]) {
				const body = Buffer.concat([Buffer.from(`${rest}&${parameter.name}=a`), Buffer.from([byte])]);
				const answer = await call(server, 'authorize', { method: 'POST', body });
				assertSentBack(authorize, answer, { what: parameter.name, ...problemOf(parameter, `The parameter ${parameter.name} is malformed.`) });
			}
		}
	}));

	test('any bytes in state come back', () => changesNothing(async () => {
		for (const state of ['%ff%fe', '%01', '%c0%af', 'a%0d%0aSet-Cookie:%20x=y', '%22%3E%3Cscript%3E', '%7f']) {
			const answer = await call(server, 'authorize', sent('GET', `${encode(base)}&state=${state}`));
			assertSentBack(authorize, answer, { what: state, error: 'login_required' });
			const back = /[?&]state=([^&]*)/.exec(answer.headers.location)[1];
			assert.equal(bytesOf(back), bytesOf(state));
		}
	}));

	test('a flow that is none', () => changesNothing(async () => {
		for (const flow of ['x', '1'.repeat(32)])
			assertRefused(authorize, await call(server, 'authorize', sent('GET', `flow=${flow}`)), 400, { what: flow, error: 'invalid_request' });
		for (const flow of ['1'.repeat(33), 'a%00', '%ff', 'a+b', 'x&flow=y'])
			assertRefused(authorize, await call(server, 'authorize', sent('GET', `flow=${flow}`)), 400, { what: flow, error: 'invalid_request' });
	}));
});

describe('parameters of signup', () => {
	const signup = ALL.find(({ name }) => name === 'signup');
	const FORM_FIELDS = ['username', 'password', 'name', 'email'];
	const GOOD = { username: 'newcomer', password: 'correct horse battery staple', name: 'New Comer', email: 'new@example.org' };
	let form; // of a flow that is this browser's

	before(async () => {
		const opened = await call(server, 'signup');
		const cookie = opened.headers['set-cookie'][0].split(';')[0];
		const query = new URL(opened.headers.location).search.slice(1);
		const page = await call(server, 'signup', { query, headers: { Cookie: cookie } });
		form = { cookie, flow: query.slice('flow='.length), csrf: /name="csrf" value="([^"]+)"/.exec(page.text)[1] };
	});

	const submit = (fields, extra = '') => call(server, 'signup', {
		method: 'POST', body: `${encode({ flow: form.flow, csrf: form.csrf, ...fields })}${extra}`, headers: { Cookie: form.cookie },
	});

	test('without a flow', () => changesNothing(async () => {
		for (const field of FORM_FIELDS) {
			for (const { what, text, outcome } of spoiled(signup.parameters.find(({ name }) => name === field), 'POST'))
				assertRefused(signup, await call(server, 'signup', sent('POST', text)), outcome === TOO_LARGE ? 413 : 400, { what, error: 'invalid_request' });
		}
		for (const text of ['flow=x&flow=x', 'flow=%00', 'flow=%ff', `flow=${'1'.repeat(33)}`, 'flow=x']) {
			for (const method of ['GET', 'POST'])
				assertRefused(signup, await call(server, 'signup', sent(method, text)), 400, { what: text, error: 'invalid_request' });
		}
	}));

	test('each field, spoiled: the form again', () => changesNothing(async () => {
		for (const field of FORM_FIELDS) {
			const { [field]: dropped, ...rest } = GOOD;
			for (const { what, text, outcome } of spoiled(signup.parameters.find(({ name }) => name === field), 'POST')) {
				if (outcome !== REFUSED || Buffer.isBuffer(text))
					continue;
				const answer = await submit(rest, `&${text}`);
				assert.equal(answer.status, 400, assertSound(signup, answer, what));
				assert.match(answer.text, /role="alert"[\s\S]*<form method="post"/, what);
				assert.doesNotMatch(answer.text, /value="correct horse/, 'the password is not shown again');
			}
		}
	}));

	test('each field, missing or wrong', () => changesNothing(async () => {
		const bad = [
			{ username: '' }, { password: '' }, { username: 'a b' }, { username: 'x'.repeat(65) }, { username: '<b>' }, { password: 'short' },
			{ password: 'p'.repeat(257) }, { email: 'none' }, { email: '@' }, { email: 'a@' }, { name: 'n'.repeat(129) }, { name: 'a\u0007b' },
			{ name: 'a\u202eb' }, { username: 'newcomer-newcomer', password: 'newcomer-newcomer' },
		];
		for (const fields of bad) {
			const answer = await submit({ ...GOOD, ...fields });
			const said = assertSound(signup, answer, JSON.stringify(fields));
			assert.equal(answer.status, 400, said);
			assert.match(answer.text, /role="alert"/, said);
		}
	}));

	test('a token that is not this form\'s', () => changesNothing(async () => {
		for (const csrf of ['', 'x', 'A'.repeat(43), 'A'.repeat(44), '%ff'])
			assertRefused(signup, await submit({ ...GOOD, csrf }), 403, { what: csrf, error: 'invalid_request' });
	}));
});

/* ---- the request itself */

const testIf = (condition) => (condition ? test : () => {});

for (const endpoint of ALL) {
	describe(`requests of ${endpoint.name}`, () => {
		const posts = endpoint.methods.includes('POST');
		const json = endpoint.body === 'json';
		const allowed = [...endpoint.methods.includes('GET') ? ['GET', 'HEAD'] : [], ...posts ? ['POST'] : [], ...endpoint.cors ? ['OPTIONS'] : []];
		// What must not open a flow has something else that is wrong.
		const query = endpoint.parameters.length > 0 ? `${endpoint.parameters[0].name}=%00` : '';

		test('other methods: 405 with Allow', () => changesNothing(async () => {
			const methods = ['GET', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'Post', '', ' GET', 'GET ',
				'GET\nX', 'G'.repeat(5000), '%47ET', 'GÉT'].filter((method) => !allowed.includes(method));
			for (const variables of [...methods.map((method) => ({ REQUEST_METHOD: method })), { REQUEST_METHOD: undefined }]) {
				const answer = await call(server, endpoint.name, { query, variables });
				const what = JSON.stringify(variables).slice(0, 60);
				assertRefused(endpoint, answer, 405, { what, error: 'invalid_request' });
				assert.equal(answer.headers.allow, allowed.join(', '), what);
			}
			const put = await call(server, endpoint.name, { method: 'PUT', body: 'x'.repeat(BODY_LIMIT + 1) });
			assertRefused(endpoint, put, 405, { what: 'a large PUT', error: 'invalid_request' });
		}));

		test('HEAD has no body; OPTIONS answers browsers where other origins may call', async () => {
			const [get, head] = [await call(server, endpoint.name, { query }), await call(server, endpoint.name, { method: 'HEAD', query })];
			assert.equal(head.status, get.status, assertSound(endpoint, head, 'HEAD'));
			assert.equal(head.text, '');
			assert.equal(head.headers['content-length'], get.headers['content-length']);
			assert.equal(head.status === 405, !allowed.includes('HEAD'));
			if (endpoint.cors) {
				const answer = await call(server, endpoint.name, { method: 'OPTIONS', query, headers: { Origin: 'https://spa.example' } });
				assert.equal(answer.status, 204, assertSound(endpoint, answer, 'preflight'));
				assert.equal(answer.headers['access-control-allow-methods'], allowed.join(', '));
				assert.match(answer.headers['access-control-allow-headers'], /Authorization.*Content-Type.*MCP-Protocol-Version/);
				assert.equal(answer.headers['access-control-allow-credentials'], undefined);
			}
		});

		test('a query over its limit: 413', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			const filled = (length) => `${query}&${'x'.repeat(length - query.length - 1)}`;
			const fits = await call(server, endpoint.name, { method, query: filled(QUERY_LIMIT) });
			assert.notEqual(fits.status, 413, assertSound(endpoint, fits, 'a long query'));
			for (const length of [QUERY_LIMIT + 1, 100000]) {
				const answer = await call(server, endpoint.name, { method, query: filled(length) });
				assertRefused(endpoint, answer, 413, { what: `query of ${length}`, error: 'invalid_request' });
			}
		}));

		test('a thousand parameters', () => changesNothing(async () => {
			const name = endpoint.parameters[0]?.name ?? 'x';
			const text = `${name}=%00&${'&a=b'.repeat(3000)}&${name}=1`;
			const answer = await call(server, endpoint.name, { method: endpoint.methods[0], query: text.slice(0, QUERY_LIMIT) });
			assertSound(endpoint, answer, 'many');
			if (posts) {
				const many = await call(server, endpoint.name, { method: 'POST', body: text });
				if (json)
					assertRefused(endpoint, many, 401, { what: 'many', error: 'login_required' });
				else if (endpoint.parameters.length > 0)
					assertRefused(endpoint, many, 400, { what: 'many', error: 'invalid_request' });
			}
		}));

		testIf(posts)('bodies: 400, 411, 413, 415', () => changesNothing(async () => {
			const post = (request, status, what, error = 'invalid_request') => call(server, endpoint.name, { method: 'POST', ...request })
				.then((answer) => assertRefused(endpoint, answer, status, { what, error }));
			// A JSON endpoint asks who it is before it looks into the body.
			const postBad = (request, what) => (json ? post(request, 401, what, 'login_required') : post(request, 400, what));
			const name = endpoint.parameters[0]?.name ?? 'x';
			const bad = `${name}=%00&`;
			await postBad({ body: bad.padEnd(BODY_LIMIT, 'x') }, 'a body of the limit');
			await post({ body: bad.padEnd(BODY_LIMIT + 1, 'x') }, 413, 'a body over the limit');
			await post({ body: bad.padEnd(3000000, 'x') }, 413, 'a huge body');
			await post({ body: '', variables: { CONTENT_LENGTH: '70000', CONTENT_TYPE: FORM } }, 413, 'a large body that never comes');
			for (const length of ['abc', '-1', '1.5', '0x10', '+5', ' 5', '5 ', '5,5', '99999999999999999999', '1e3', '\u0665'])
				await post({ body: 'x=y', variables: { CONTENT_LENGTH: length } }, 400, `CONTENT_LENGTH ${length}`);
			await post({ body: 'x=y', variables: { CONTENT_LENGTH: '4' } }, 400, 'longer than the body');
			await post({ body: '', variables: { CONTENT_LENGTH: '65536', CONTENT_TYPE: FORM } }, 400, 'no body');
			await post({ body: 'x=y', variables: { CONTENT_LENGTH: ['3', '2'] } }, 400, 'two lengths');
			await post({ body: bad, variables: { CONTENT_LENGTH: undefined }, headers: { 'Transfer-Encoding': 'chunked' } }, 411, 'chunked');
			await post({ body: bad, variables: { CONTENT_LENGTH: '' }, headers: { 'Transfer-Encoding': 'chunked' } }, 411, 'chunked, empty length');
			const [right, wrong] = json ? ['application/json', FORM] : [FORM, 'application/json'];
			for (const type of [wrong, 'text/plain', 'multipart/form-data; boundary=x', `${right}x`, 'x', '',
				`${right}, text/plain`, `application/${'x'.repeat(9000)}`])
				await post({ body: `${name}=x`, variables: { CONTENT_TYPE: type } }, 415, `type ${type.slice(0, 60)}`);
			await post({ body: `${name}=x`, variables: { CONTENT_TYPE: undefined } }, 415, 'no type');
			for (const type of [`${right}; charset=UTF-8`, right.toUpperCase(), ` ${right} ;x`])
				await postBad({ body: bad, variables: { CONTENT_TYPE: type } }, `type ${type}`);
		}));

		testIf(posts && endpoint.parameters.length > 0)('only the first CONTENT_LENGTH bytes count', () => changesNothing(async () => {
			const { name } = endpoint.parameters[0];
			const plain = await call(server, endpoint.name, { method: 'POST', body: 'q=' });
			const answer = await call(server, endpoint.name, { method: 'POST', body: `q=&${name}=%00`, variables: { CONTENT_LENGTH: '2' } });
			assert.deepEqual(same(answer), same(plain), assertSound(endpoint, answer, 'a longer body'));
		}));

		test('headers that must stand once: 400', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			const twice = [
				{ Authorization: 'Basic YTpi, Basic YTpi' }, { Authorization: 'Bearer a, Bearer b' }, { Authorization: 'Basic YTpi,Bearer b' },
				{ Authorization: ['Basic YTpi', 'Basic YTpi'] }, { Authorization: ['Bearer a', 'Bearer b'] },
				{ Origin: 'https://a.example, https://b.example' }, { Origin: ['https://a.example', 'https://a.example'] },
			];
			for (const headers of twice) {
				const answer = await call(server, endpoint.name, { method, query, headers });
				assertRefused(endpoint, answer, 400, { what: JSON.stringify(headers), error: 'invalid_request', description: 'A header that must stand once is repeated.' });
			}
		}));

		test('strange headers change nothing', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			const strange = [
				{ Cookie: 'a'.repeat(100000) }, { Cookie: ';;;=;=;a=b;__Host-latchkey-session-=x' }, { Cookie: ['a=b', '\u0001\u0002'] },
				{ Authorization: '' }, { Authorization: 'Basic' }, { Authorization: 'Basic !!!' }, { Authorization: `Bearer ${'x'.repeat(100000)}` },
				{ Authorization: 'Negotiate abc' }, { 'User-Agent': 'x\u0007'.repeat(5000) }, { 'User-Agent': '' }, { 'If-None-Match': '"'.repeat(5000) },
				{ Origin: 'null' }, { Origin: '' }, { 'Sec-Fetch-Site': 'x'.repeat(5000) }, { 'X-Forwarded-For': '1.2.3.4, '.repeat(2000) },
				{ 'X-Forwarded-For': 'unknown, \u0000'.slice(0, 9) }, { Host: 'evil.example' }, { 'X-Forwarded-Host': 'evil.example' },
			];
			for (const headers of strange) {
				const answer = await call(server, endpoint.name, { method, query, headers });
				const said = assertSound(endpoint, answer, JSON.stringify(headers).slice(0, 100));
				assert.doesNotMatch(answer.stdout, /evil\.example/, said);
			}
		}));

		test('a poor environment', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			for (const address of [undefined, '', 'nonsense', '::1', '[::1]', '999.1.1.1', '192.0.2.7:80', 'x'.repeat(10000)])
				assertSound(endpoint, await call(server, endpoint.name, { method, query, variables: { REMOTE_ADDR: address } }), `REMOTE_ADDR ${address}`);
			assertSound(endpoint, await call(server, endpoint.name, { method, variables: { QUERY_STRING: query || undefined, SERVER_NAME: undefined,
				SERVER_PORT: undefined, SCRIPT_NAME: undefined, SERVER_PROTOCOL: undefined, GATEWAY_INTERFACE: undefined } }), 'little');
			const bare = await call(server, endpoint.name, { exact: [`LATCHKEY_CONFIG=${server.config}`] });
			assertRefused(endpoint, bare, 405, { what: 'nothing but the configuration', error: 'invalid_request' });
			const odd = await call(server, endpoint.name, { exact: [`LATCHKEY_CONFIG=${server.config}`, '=x', 'REQUEST_METHOD', '', `REQUEST_METHOD=${method}`,
				`QUERY_STRING=${query}`] });
			assertSound(endpoint, odd, 'odd variables');
		}));

		test('arguments are not read', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			const plain = await call(server, endpoint.name, { method, query });
			for (const args of [['--describe'], ['--help'], ['-c', '/etc/passwd'], ['--describe', 'x'], ['x'.repeat(10000)]]) {
				const answer = await call(server, endpoint.name, { method, query, args });
				assert.deepEqual(same(answer), same(plain), assertSound(endpoint, answer, args[0].slice(0, 40)));
				assert.doesNotMatch(answer.stdout, /^(endpoint|parameter|keys) /m);
			}
		}));

		test('descriptors that are closed', () => changesNothing(async () => {
			const method = endpoint.methods[0];
			const variables = { CONTENT_LENGTH: '5', CONTENT_TYPE: FORM };
			for (const close of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]]) {
				const answer = await call(server, endpoint.name, { method, query, close, variables: method === 'POST' ? variables : {} });
				assert.equal(answer.code, 0, `${close}: ${answer.stderr}`);
				assert.doesNotMatch(answer.stderr, / error: /);
				if (close.includes(1))
					assert.equal(answer.stdout, '', 'nobody reads it');
				else if (method === 'POST')
					assertRefused(endpoint, answer, 400, { what: `closed ${close}`, error: 'invalid_request' });
				else
					assertSound(endpoint, answer, `closed ${close}`);
			}
		}));
	});
}

test('a browser whose address the server did not say signs in like others', async () => {
	const login = ALL.find(({ name }) => name === 'login');
	for (const address of [undefined, '', 'nonsense', '::1', '2001:db8::1', 'x'.repeat(10000)]) {
		const variables = { REMOTE_ADDR: address };
		const opened = await call(server, 'login', { variables });
		assert.equal(opened.status, 303, assertSound(login, opened, `address ${address}`));
		const headers = { Cookie: opened.headers['set-cookie'][0].split(';')[0] };
		const query = new URL(opened.headers.location).search.slice(1);
		const page = await call(server, 'login', { query, headers, variables });
		const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)[1];
		const form = { flow: query.slice('flow='.length), csrf, username: 'alice' };
		const send = (password) => call(server, 'login', { method: 'POST', body: encode({ ...form, password }), headers, variables });
		const wrong = await send('wrong wrong wrong');
		assert.equal(wrong.status, 403, assertSound(login, wrong, `address ${address}`));
		const right = await send(PASSWORD);
		assert.equal(right.status, 303, assertSound(login, right, `address ${address}`));
		assert.ok(right.headers['set-cookie'].some((cookie) => /^latchkey-session-[0-9a-f]{6}=[\w-]{43};/.test(cookie)));
	}
});
