// What every web server must do for the endpoints and the files: headers, methods, bodies, paths, status.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { accountGet } from '../lib/account.mjs';
import { Browser, isLogin } from '../lib/browser.mjs';
import { authorization, authorize, obtain, userinfo } from '../lib/client.mjs';
import { basic, formBody, request } from '../lib/http.mjs';
import { sendAndLeave, sendRaw } from '../lib/raw_http.mjs';
import { ROOT } from '../lib/server.mjs';
import { isFastcgi, lacks, lacksOf, startUnder } from '../lib/web_servers.mjs';

const FORM = 'application/x-www-form-urlencoded';
const JWKS = '/.well-known/jwks.json';
const DISCOVERY = '/.well-known/openid-configuration';
const BODY_LIMIT = 65536;
const GRANT = { grant_type: 'client_credentials', scope: 'read' };

let server;
let web;
let machine;
let posting;

const at = (path, options) => request(server.issuer + path, options);
const host = () => new URL(server.issuer).host;
const lines = (first, ...headers) => [`${first} HTTP/1.1`, `Host: ${host()}`, 'Connection: close', ...headers];
const authorized = () => ({ Authorization: basic(machine.client_id, machine.client_secret) });
/** A request that takes Authorization where the server hands it on, else the secret in the body. */
const token = (name, fields = GRANT, headers = {}) => (lacks(name, 'authorization') || lacks(name, 'Basic')
	? request(server.url('token'), { form: { ...fields, client_id: posting.client_id, client_secret: posting.client_secret }, headers })
	: request(server.url('token'), { form: fields, headers: { ...authorized(), ...headers } }));

function assertNoSource(answer, what) {
	assert.doesNotMatch(answer.text, /^\x7fELF|argon2_memory_kib|Index of|Directory listing (?!denied)|SQLite format/i, what);
}

function headerTests(name) {
	test('Authorization: Basic reaches the endpoints', { skip: lacks(name, 'authorization') || lacks(name, 'Basic') }, async () => {
		assert.equal((await request(server.url('token'), { form: GRANT, headers: authorized() })).status, 200);
	});

	test('Authorization: Bearer reaches the endpoints', { skip: lacks(name, 'authorization') }, async () => {
		const { tokens } = await obtain(server, new Browser(), web);
		const answer = await userinfo(server, tokens.access_token);
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.headers['access-control-allow-origin'], '*');
	});

	test('the secret and the token in the body need no header', async () => {
		const { tokens } = await obtain(server, new Browser(), posting);
		const answer = await request(server.url('userinfo'), { form: { access_token: tokens.access_token } });
		assert.equal(answer.status, 200, answer.text);
	});

	test('a challenge comes through: 401 with WWW-Authenticate', async () => {
		const answer = await request(server.url('userinfo'), { headers: { Authorization: 'Bearer garbage' } });
		assert.equal(answer.status, 401);
		assert.match(answer.headers['www-authenticate'], /^Bearer realm="/);
		assert.equal(answer.json().error, lacks(name, 'authorization') ? 'invalid_request' : 'invalid_token');
	});

	test('Authorization twice is refused', async () => {
		const body = formBody(GRANT);
		const line = `Authorization: ${authorized().Authorization}`;
		for (const second of [line, 'authorization: Bearer x']) {
			const answer = await sendRaw(server, lines('POST /cgi-bin/token', `Content-Type: ${FORM}`, `Content-Length: ${body.length}`, line, second), { body });
			assert.ok([400, 401].includes(answer.status), `${answer.status} ${answer.text}`);
			assert.doesNotMatch(answer.text, /access_token/);
		}
	});

	test('cookies in two headers both count', { skip: lacks(name, 'two cookie headers') }, async () => {
		const browser = new Browser();
		await authorize(server, browser, web);
		const cookie = browser.cookies.header(server.url('account/overview'), false);
		const answer = await sendRaw(server, lines('GET /cgi-bin/account/overview', 'Sec-Fetch-Site: same-origin', 'Cookie: first=1', `Cookie: ${cookie}`));
		assert.equal(answer.status, 200, answer.text);
	});

	test('addresses that a client claims are not believed, however they are spelt', async () => {
		const browser = new Browser();
		const headers = { 'X-Forwarded-For': '203.0.113.9', 'X_Forwarded_For': '203.0.113.9', 'Forwarded': 'for=203.0.113.9', 'REMOTE-ADDR': '203.0.113.9' };
		browser.transport = (url, options) => request(url, { ...options, headers: { ...options.headers, ...headers } });
		await authorize(server, browser, web);
		const answer = await accountGet(server, browser, 'sessions');
		assert.equal(answer.status, 200, answer.text);
		assert.doesNotMatch(answer.text, /203\.0\.113\.9/);
		assert.match(answer.text, /"(?:127\.0\.0\.1|::1)"/);
	});

	test('a header that a browser cannot send does not become a variable of the program', async () => {
		const answer = await at('/cgi-bin/discovery', { headers: { 'LATCHKEY-CONFIG': '/etc/passwd', 'Proxy': 'http://evil.example/', 'HTTPS': 'off' } });
		assert.equal(answer.status, 200);
		assert.equal(answer.json().issuer, server.issuer);
	});

	test('20 cookies of another application do not disturb', { skip: lacks(name, 'long headers') }, async () => {
		const headers = { Cookie: Array.from({ length: 20 }, (_, index) => `other${index}=${'x'.repeat(300)}`).join('; ') };
		const answer = await at('/cgi-bin/userinfo', { headers });
		assert.equal(answer.status, 401, answer.text);
	});

	test('headers of 100 KB: refused, and nothing else happens', async () => {
		const answer = await sendRaw(server, lines('GET /cgi-bin/jwks', ...Array.from({ length: 25 }, (_, index) => `X-Long-${index}: ${'x'.repeat(4000)}`)));
		assert.ok([0, 200, 400, 413, 431, 494, 500].includes(answer.status), String(answer.status));
		assert.equal((await at(JWKS)).status, 200);
	});

	test('the headers of an answer may be long: a Location of 5 KB', async () => {
		const state = 's'.repeat(4096);
		const { url } = authorization(server, web, { state, prompt: 'none' });
		const answer = await new Browser().send(url);
		if (lacks(name, 'long queries') && [400, 413, 414, 431].includes(answer.status))
			return;
		assert.equal(answer.status, 303, answer.text);
		assert.equal(answer.location.searchParams.get('state'), state);
	});
}

function bodyTests(name) {
	const post = (body, headers = {}) => request(server.url('token'), { method: 'POST', body, headers: { 'Content-Type': FORM, ...headers } });

	test('a media type with a parameter, an empty body, none at all', async () => {
		assert.equal((await token(name, GRANT, { 'Content-Type': `${FORM}; charset=UTF-8` })).status, 200);
		assert.ok([400, 401].includes((await post('')).status));
		const bare = await sendRaw(server, lines('POST /cgi-bin/token', 'Content-Length: 0'));
		assert.ok([400, 401].includes(bare.status), `${bare.status} ${bare.text}`);
		assert.equal((await post('{}', { 'Content-Type': 'application/json' })).status, 415);
	});

	test('64 KiB are read, more is 413, much more is refused without harm', async () => {
		const fits = await post(`a=${'x'.repeat(BODY_LIMIT - 2)}`);
		assert.ok([400, 401].includes(fits.status), `${fits.status} ${fits.text}`);
		assert.equal(fits.headers['content-type'], 'application/json');
		const over = await post(`a=${'x'.repeat(BODY_LIMIT)}`);
		assert.equal(over.status, 413, over.text);
		const much = await sendRaw(server, lines('POST /cgi-bin/token', `Content-Type: ${FORM}`, 'Content-Length: 2000000'), { body: 'x'.repeat(2000000) });
		// A server may close while the client still sends; its answer is lost then.
		assert.ok([413, 0].includes(much.status) || (lacks(name, 'large bodies') && much.status === 500), `${much.status} ${much.text}`);
		assert.equal((await token(name)).status, 200);
	});

	test('a chunked body is decoded, or refused as 411; never taken for an empty one that succeeds', async () => {
		const body = formBody({ ...GRANT, client_id: posting.client_id, client_secret: posting.client_secret });
		const chunks = `${(10).toString(16)}\r\n${body.slice(0, 10)}\r\n${(body.length - 10).toString(16)}\r\n${body.slice(10)}\r\n0\r\n\r\n`;
		const answer = await sendRaw(server, lines('POST /cgi-bin/token', `Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'), { body: chunks });
		assert.ok([200, 400, 411, 501].includes(answer.status), `${answer.status} ${answer.text}`);
		assert.equal((await token(name)).status, 200);
	});

	test('two lengths, a length and chunks, a length that is none: refused', async () => {
		const body = formBody(GRANT);
		const two = lacks(name, 'two lengths') ? [] : [[`Content-Length: ${body.length}`, `Content-Length: ${body.length + 5}`]];
		const huge = lacks(name, 'huge lengths') ? [] : [['Content-Length: 99999999999999999999']];
		for (const headers of [...two, ['Content-Length: -1'], ['Content-Length: 1e2'], ...huge]) {
			const answer = await sendRaw(server, lines('POST /cgi-bin/token', `Content-Type: ${FORM}`, `Authorization: ${authorized().Authorization}`, ...headers), { body });
			assert.ok([0, 400, 411, 413].includes(answer.status), `${headers}: ${answer.status} ${answer.text}`);
		}
	});

	test('a client that goes away, in its header, in its body, before the answer, leaves nothing behind', async () => {
		const head = `POST /cgi-bin/token HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: ${FORM}\r\n`;
		for (let round = 0; round < 4; round++) {
			await sendAndLeave(server, head);
			await sendAndLeave(server, `${head}Content-Length: 1000\r\n\r\na=b`);
			await sendAndLeave(server, `${head}Content-Length: 3\r\n\r\na=b`);
			await sendAndLeave(server, `GET /cgi-bin/jwks HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
		}
		assert.equal((await token(name)).status, 200);
		await server.quiet();
		assert.deepEqual((await server.log()).filter((line) => line.level === 'error'), []);
	});
}

function methodTests(name) {
	test('HEAD is GET without the body', async () => {
		for (const path of [DISCOVERY, JWKS, '/cgi-bin/jwks', '/cgi-bin/discovery', '/style.css', '/account/', '/cgi-bin/userinfo']) {
			const get = await at(path);
			if (lacks(name, 'HEAD of files') && !path.startsWith('/cgi-bin/'))
				continue;
			const head = await at(path, { method: 'HEAD' });
			assert.equal(head.status, get.status, path);
			assert.equal(head.bytes.length, 0, path);
			for (const header of ['content-type', 'cache-control', 'access-control-allow-origin', 'content-security-policy', 'www-authenticate'])
				assert.equal(head.headers[header], get.headers[header], `${path} ${header}`);
		}
	});

	test('the preflight of CORS, at endpoints and files', { skip: lacks(name, 'OPTIONS') }, async () => {
		const headers = { 'Origin': 'https://app.example', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' };
		for (const path of ['/cgi-bin/token', '/cgi-bin/userinfo', '/cgi-bin/jwks', DISCOVERY, JWKS]) {
			if (lacks(name, 'preflight of files') && !path.startsWith('/cgi-bin/'))
				continue;
			const answer = await at(path, { method: 'OPTIONS', headers });
			assert.ok([200, 204].includes(answer.status), `${path}: ${answer.status}`);
			assert.equal(answer.headers['access-control-allow-origin'], '*', path);
			assert.match(answer.headers['access-control-allow-methods'], /\b(GET|POST)\b/, path);
			assert.match(answer.headers['access-control-allow-headers'], /Authorization/i, path);
			assert.equal(answer.headers['access-control-allow-credentials'], undefined);
		}
		for (const path of ['/cgi-bin/authorize', '/cgi-bin/login', '/cgi-bin/account/overview', '/account/'])
			assert.equal((await at(path, { method: 'OPTIONS', headers })).headers['access-control-allow-origin'], undefined, path);
	});

	test('other methods: refused, with Allow by the endpoints', async () => {
		for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'FOO']) {
			const answer = await sendRaw(server, lines(`${method} /cgi-bin/token`, 'Content-Length: 0'));
			assert.ok([400, 401, 405, 501].includes(answer.status), `${method}: ${answer.status} ${answer.text}`);
			assert.doesNotMatch(answer.text, /access_token/);
			const file = await sendRaw(server, lines(`${method} /style.css`, 'Content-Length: 0'));
			assert.ok([400, 401, 403, 405, 501].includes(file.status), `${method} of a file: ${file.status}`);
		}
		const answer = await at('/cgi-bin/token');
		assert.equal(answer.status, 405);
		assert.equal(answer.headers.allow, 'POST, OPTIONS');
	});

	test('redirects after POST and GET: 303 with an absolute URL', async () => {
		const { url, parameters } = authorization(server, web);
		const get = await new Browser().send(url);
		const post = await request(server.url('authorize'), { form: parameters });
		for (const answer of [get, post]) {
			assert.equal(answer.status, 303, answer.text);
			assert.ok(answer.headers.location.startsWith(`${server.issuer}/cgi-bin/`), answer.headers.location);
		}
	});

	test('a page comes with its policy, and is not kept', async () => {
		const page = await new Browser().visit(authorization(server, web).url);
		assert.ok(isLogin(page));
		assert.match(page.headers['content-security-policy'], /default-src 'none'|script-src/);
		assert.equal(page.headers['cache-control'], 'no-store');
	});
}

function pathTests(name) {
	test('unknown endpoints, folders and what follows a name are not found', async () => {
		for (const path of ['/cgi-bin/nothing', '/cgi-bin/tokenx', '/cgi-bin/token/', '/cgi-bin/token/x', '/cgi-bin/account/nothing', '/cgi-bin/account/overview/x', '/cgi-bin/', '/cgi-bin/account/', '/cgi-bin/TOKEN', '/nothing', '/cgi-bin/token.c', '/cgi-bin/jwks/jwks']) {
			const answer = await at(path);
			// An endpoint looks at nothing that follows its name; GET of token is 405, of userinfo and account/overview 401.
			const same = lacks(name, 'exact names') && /\/(?:token|overview|jwks)\//.test(path);
			assert.ok((same ? [200, 401, 403, 404, 405] : [403, 404]).includes(answer.status), `${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
			assertNoSource(answer, path);
		}
	});

	test('no folder is listed, no program or hidden file is read', async () => {
		for (const path of ['/account/..', '/account/../cgi-bin/token', '/../latchkey.conf', '/..%2flatchkey.conf', '/%2e%2e/latchkey.conf', '/cgi-bin/..%2ftoken', '/cgi-bin%2ftoken', '/cgi-bin/../cgi-bin/token', '//cgi-bin/token',
			'/cgi-bin/token%00', '/cgi-bin/token%20', '/cgi-bin/./token', '/.git/config', '/.htaccess', '/.well-known/', '/.well-known/../latchkey.conf', '/latchkey-well-known/', '/.well-known/keys', '/web-server/', '/playground', '/cgi-bin/account', '/account/%2e%2e/%2e%2e/latchkey.conf', '/cgi-bin\\token']) {
			const answer = await sendRaw(server, lines(`GET ${path}`));
			// A path that means an endpoint all the same gets what the endpoint says to GET.
			const start = lacks(name, 'plain paths') && answer.status === 200 && answer.text.includes(await readFile(`${ROOT}/htdocs/index.html`, 'latin1'));
			assert.ok(start || [0, 301, 302, 307, 308, 400, 401, 403, 404, 405].includes(answer.status), `${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
			assertNoSource(answer, path);
		}
		for (const path of ['/cgi-bin/token', '/cgi-bin/jwks', '/cgi-bin/login'])
			assertNoSource(await at(path), path);
	});

	test('a query passes as it came: %2F, %41, brackets, a long one', async () => {
		for (const raw of ['a%2Fb%2f', '%41%7e', 'x[1]', '%c3%28', 'a%252Fb', "'();:@!$", '..%2f..%2fetc']) {
			const { url } = authorization(server, web, { state: undefined, prompt: 'none' });
			const answer = await sendRaw(server, lines(`GET ${url.pathname}${url.search}&state=${raw}`));
			assert.equal(answer.status, 303, `${raw}: ${answer.text}`);
			const bytes = (text) => Buffer.from(text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('hex');
			assert.equal(bytes(/[?&]state=([^&]*)/.exec(answer.headers.location)[1]), bytes(raw), raw);
		}
	});

	test('a query of 8 KB works; one of 60 KB is refused', async () => {
		const long = await at(`/cgi-bin/userinfo?x=${'y'.repeat(8000)}`);
		assert.ok(lacks(name, 'long queries') ? [400, 401, 413, 414, 431].includes(long.status) : long.status === 401, `${long.status} ${long.text}`);
		const more = await sendRaw(server, lines(`GET /cgi-bin/userinfo?x=${'y'.repeat(60000)}`));
		assert.ok([0, 400, 413, 414, 431].includes(more.status), String(more.status));
	});
}

function fileTests(name) {
	test('the well-known documents are files: media type, CORS, cache, the bytes of the endpoints', async () => {
		const files = [[DISCOVERY, 'discovery'], ['/.well-known/oauth-authorization-server', 'discovery'], [JWKS, 'jwks']].filter(([path]) => !lacks(name, path));
		for (const [path, endpoint] of files) {
			const answer = await at(path, { headers: { Origin: 'https://app.example' } });
			assert.equal(answer.status, 200, path);
			assert.equal(answer.text, (await request(server.url(endpoint))).text);
			assert.match(answer.headers['content-type'], lacks(name, 'media types') ? /^application\/(json|octet-stream)/ : /^application\/json$/, path);
			const open = lacks(name, 'CORS of files') ? await request(server.url(endpoint), { headers: { Origin: 'https://app.example' } }) : answer;
			assert.equal(open.headers['access-control-allow-origin'], '*', path);
			if (!lacks(name, 'static headers')) {
				if (!lacks(name, 'cache time of files'))
					assert.equal(answer.headers['cache-control'], 'public, max-age=3600', path);
				assert.equal(answer.headers['x-content-type-options'], 'nosniff', path);
			}
		}
		const post = await at(DISCOVERY, { form: { a: 'b' } });
		assert.ok(post.status !== 500 && (post.status >= 400 || post.status === 200), String(post.status));
	});

	test('a new jwks is seen at once', async () => {
		const { text } = await at(JWKS);
		await server.latchkey(['key', 'rotate']);
		await server.latchkey(['publish']);
		const answer = await at(JWKS);
		assert.equal(answer.text, (await request(server.url('jwks'))).text);
		assert.equal(answer.text, await readFile(`${server.directory}/well-known/jwks.json`, 'utf8'));
		assert.ok(JSON.parse(text).keys.length > 0);
	});

	test('static files: media types, policies, conditional requests', async () => {
		for (const [path, type] of [['/style.css', 'text/css; charset=utf-8'], ['/account/', 'text/html; charset=utf-8'], ['/account/app.js', 'text/javascript; charset=utf-8'], ['/icon.svg', 'image/svg+xml'], ['/robots.txt', 'text/plain; charset=utf-8'], ['/', 'text/html; charset=utf-8']]) {
			const answer = await at(path);
			assert.equal(answer.status, 200, path);
			if (lacks(name, 'media types'))
				assert.equal(answer.headers['content-type'].split(';')[0], type.split(';')[0], path);
			else
				assert.equal(answer.headers['content-type'].toLowerCase().replace(/; */, '; '), type, path);
			if (!lacks(name, 'static headers')) {
				assert.equal(answer.headers['x-content-type-options'], 'nosniff', path);
				assert.match(answer.headers['content-security-policy'], /^default-src 'self';.* frame-ancestors 'none'$/, path);
				if (!lacks(name, 'policies by folder'))
					assert.equal(/img-src 'self' data: https:/.test(answer.headers['content-security-policy']), path.startsWith('/account/'), path);
				assert.equal(answer.headers['referrer-policy'], 'same-origin', path);
			}
			const since = answer.headers['last-modified'];
			if (since && !lacks(name, 'conditional requests'))
				assert.equal((await at(path, { headers: { 'If-Modified-Since': since } })).status, 304, path);
		}
	});

	test('a folder without its slash leads to the page, on this server', async () => {
		const answer = await at('/account');
		assert.ok([301, 302, 307, 308].includes(answer.status), String(answer.status));
		assert.equal(answer.location.href, `${server.issuer}/account/`);
	});
}

function loadTests(name) {
	test('64 requests at once, 8 of them sign-ins: each gets its own answer', async () => {
		const people = await Promise.all(Array.from({ length: 8 }, () => obtain(server, new Browser(), posting)));
		assert.equal(new Set(people.map(({ tokens }) => tokens.access_token)).size, 8);
		const answers = await Promise.all(Array.from({ length: 64 }, (_, index) => (index % 2 ? token(name) : at(`/cgi-bin/userinfo?x=${index}`))));
		assert.deepEqual([...new Set(answers.map((answer) => answer.status))].sort(), [200, 401]);
		const seen = answers.filter((answer) => answer.status === 200).map((answer) => answer.json().access_token);
		assert.equal(new Set(seen).size, 32);
	});

	test('after all that, no error in the log, and the processes are as they should be', async () => {
		await server.quiet();
		assert.deepEqual((await server.log()).filter((line) => line.level === 'error'), []);
		assert.equal(server.service.over, false);
		const left = server.service.endpoints().length;
		assert.ok(isFastcgi(name) ? left > 0 : left === 0, `${left} processes`);
	});
}

function pathOfIssuerTests(name) {
	test('under a path: the flow, its files, and the well-known names in both places', { skip: lacks(name, 'a path') }, async () => {
		const under = await startUnder(name, { base: '/id' });
		try {
			const client = await under.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'], token_endpoint_auth_method: 'client_secret_post' });
			const { tokens } = await obtain(under, new Browser(), client);
			assert.ok(tokens.id_token);
			const origin = new URL(under.issuer).origin;
			const { text } = await request(`${under.issuer}${DISCOVERY}`);
			assert.equal(JSON.parse(text).issuer, `${origin}/id`);
			for (const url of [`${origin}/.well-known/oauth-authorization-server/id`, JSON.parse(text).jwks_uri, `${under.issuer}/account/`, `${under.issuer}/style.css`])
				assert.equal((await request(url)).status, 200, url);
			for (const path of ['/cgi-bin/jwks', '/account/', '/style.css'])
				assert.ok([403, 404].includes((await request(origin + path)).status), path);
		} finally {
			await under.stop();
		}
	});
}

/** Registers them all for this web server. */
export function httpTests(name) {
	describe(name, () => {
		before(async () => {
			server = await startUnder(name);
			await server.latchkey(['resource', 'add', 'https://api.example/', '--name', 'API']);
			await server.latchkey(['scope', 'add', 'read', '--description', 'Reads', '--resource', 'https://api.example/']);
			const redirects = { redirect_uris: ['https://web.example/cb'], consent: 'none' };
			web = await server.addClient({ client_name: 'Web', ...redirects, ...(lacks(name, 'authorization') || lacks(name, 'Basic') ? { token_endpoint_auth_method: 'client_secret_post' } : {}) });
			const credentials = { grant_types: ['client_credentials'], redirect_uris: [], scope: 'read' };
			machine = await server.addClient({ client_name: 'Machine', ...credentials });
			posting = await server.addClient({ client_name: 'Posting', ...redirects, ...credentials, grant_types: ['authorization_code', 'client_credentials'], scope: 'openid profile read',
				redirect_uris: redirects.redirect_uris, token_endpoint_auth_method: 'client_secret_post' });
		});
		after(() => server?.stop());
		test('what falls short here', (context) => {
			for (const [what, why] of lacksOf(name))
				context.diagnostic(`${name}: ${what}: ${why}`);
		});
		describe('headers', () => headerTests(name));
		describe('bodies', () => bodyTests(name));
		describe('methods', () => methodTests(name));
		describe('paths', () => pathTests(name));
		describe('files', () => fileTests(name));
		describe('load', () => loadTests(name));
		pathOfIssuerTests(name);
	});
}
