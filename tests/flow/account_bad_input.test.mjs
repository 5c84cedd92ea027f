// What no account endpoint takes: each refusal has its status, is JSON, and changes nothing.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { accountGet, accountPost, csrfOf } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { authorize } from '../lib/client.mjs';
import { run } from '../lib/process.mjs';
import { ALICE, BOB, ROOT, startServer } from '../lib/server.mjs';
import { sql } from '../lib/tokens.mjs';

const TEXT = [5, true, null, ['x'], { x: 1 }];
const NUMBER = ['5', 1.5, true, null, [5], {}];
const BOOL = ['true', 1, null, [true], {}];
const OBJECT = ['x', 5, true, null, ['x']];

const text = (value) => ({ value, wrong: TEXT });
const number = (value) => ({ value, wrong: NUMBER });
const bool = (value) => ({ value, wrong: BOOL });
const object = (value) => ({ value, wrong: OBJECT });
const act = (action, members = {}, { fresh = false } = {}) => ({ fresh, members: { action: text(action), ...members } });
const freshly = (action, members) => act(action, members, { fresh: true });

// Every endpoint that takes POST, with the bodies that it takes. `fresh`: needs a recent sign-in.
const POSTS = {
	applications: [act('revoke', { client_id: text('nobody') })],
	deletion: [freshly('delete'), act('cancel')],
	email: [freshly('change', { version: number(0), email: text('new@example.org') }), freshly('cancel')],
	passkeys: [
		freshly('begin'),
		freshly('register', { name: text('Key'), attestation_object: text('oA'), client_data: text('e30'), transports: { value: ['usb'], wrong: ['usb', 5, true, null, { x: 1 }, [5]] } }),
		freshly('rename', { id: text('AAAA'), name: text('Key') }),
		freshly('remove', { id: text('AAAA') }),
	],
	password: [act('check', { password: text('correct horse') }), freshly('change', { password: text('entirely different words here') })],
	profile: [{ fresh: false, members: { version: number(0), claims: object({ nickname: 'Al' }) } }],
	recovery_codes: [freshly('make')],
	second_factor: [freshly('require', { required: bool(true) })],
	sessions: [act('end', { sid: text('nobody') }), act('end_others')],
	totp: [freshly('begin'), freshly('confirm', { code: text('123456') }), freshly('remove')],
};
// Those that only show something.
const GETS = ['activity', 'export', 'overview'];

const isBuilt = (name) => existsSync(path.join(ROOT, `build/cgi-bin/account/${name}`));
const bodyOf = ({ members }) => Object.fromEntries(Object.entries(members).map(([name, { value }]) => [name, value]));

let server;
let browser;
let bob;
let csrf;

before(async () => {
	server = await startServer({ users: [ALICE, BOB] });
	const web = await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
	browser = new Browser();
	await authorize(server, browser, web);
	bob = new Browser();
	await authorize(server, bob, web, {}, { user: server.users.bob });
	csrf = await csrfOf(server, browser);
});
after(() => server?.stop());

/** Everything that is in the database, but for counters of attempts. */
async function dump() {
	const { code, stdout, stderr } = await run('sqlite3', [path.join(server.directory, 'database/latchkey.db'), '.dump']);
	assert.equal(code, 0, stderr);
	return stdout.split('\n').filter((line) => !line.startsWith('INSERT INTO limits'));
}

async function changesNothing(body) {
	const before = await dump();
	await body();
	assert.deepEqual(await dump(), before);
}

function assertRefused(answer, status, what, error) {
	assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text}`);
	assert.match(answer.headers['content-type'] ?? '', /^application\/json\b/, what);
	assert.match(answer.headers['cache-control'] ?? '', /no-store/, what);
	const json = answer.json();
	assert.equal(typeof json.error, 'string', what);
	assert.equal(typeof json.error_description, 'string', what);
	assert.equal(json.csrf, undefined, what);
	if (error)
		assert.equal(json.error, error, what);
}

test('the table has every account endpoint', async () => {
	const sources = readdirSync(path.join(ROOT, 'cgi-bin/account')).filter((file) => file.endsWith('.c')).map((file) => file.slice(0, -2));
	for (const name of sources) {
		const { stdout } = await run(path.join(ROOT, `build/cgi-bin/account/${name}`), ['--describe']);
		const takesPost = /^methods.*\bPOST\b/m.test(stdout);
		assert.ok(takesPost ? name in POSTS : GETS.includes(name), `${name} is missing: ${stdout}`);
	}
});

for (const [name, bodies] of Object.entries(POSTS).filter(([one]) => isBuilt(one))) {
	describe(`account/${name}`, () => {
		const first = () => ({ csrf, ...bodyOf(bodies[0]) });

		test('bodies that are no JSON object', () => changesNothing(async () => {
			const good = JSON.stringify(first());
			const bad = {
				'nothing': '', 'no JSON': 'action=revoke', 'cut off': good.slice(0, -1), 'trailing bytes': `${good}x`, 'two': `${good}${good}`,
				'an array': `[${good}]`, 'a text': '"action"', 'a number': '5', 'null': 'null', 'no UTF-8': Buffer.from([...Buffer.from(good.slice(0, -1)), 0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
				'NUL': `${good.slice(0, -1)},"x":"\\u0000"}`, 'csrf twice': `{"csrf":${JSON.stringify(csrf)},${good.slice(1)}`,
				'a member twice, once escaped': `${good.slice(0, -1)},"\\u0063srf":"x"}`, 'deep': `${good.slice(0, -1)},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`,
			};
			for (const [what, body] of Object.entries(bad))
				assertRefused(await accountPost(server, browser, name, body), 400, what, 'invalid_request');
		}));

		test('too large: 413; another type: 415', () => changesNothing(async () => {
			assertRefused(await accountPost(server, browser, name, { ...first(), padding: 'x'.repeat(65536) }), 413, 'large');
			for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'application/jsonx', undefined])
				assertRefused(await accountPost(server, browser, name, first(), { 'Content-Type': type }), 415, type ?? 'none');
		}));

		test('of another site, or without the token of this session: 403', () => changesNothing(async () => {
			for (const body of bodies.map((one) => ({ csrf, ...bodyOf(one) }))) {
				for (const origin of ['https://evil.example', 'null', `${server.issuer}.evil.example`, `http://localhost:${server.port + 1}`, undefined])
					assertRefused(await accountPost(server, browser, name, body, { Origin: origin }), 403, `Origin ${origin}`, 'invalid_request');
				assertRefused(await accountPost(server, browser, name, body, { 'Sec-Fetch-Site': 'cross-site' }), 403, 'cross-site', 'invalid_request');
				const theirs = await csrfOf(server, bob);
				for (const wrong of [undefined, null, '', 5, [csrf], 'x', theirs, `${csrf}x`, csrf.slice(1)])
					assertRefused(await accountPost(server, browser, name, { ...body, csrf: wrong }), 403, `csrf ${wrong}`, 'invalid_request');
			}
		}));

		test('nobody is signed in: 401', () => changesNothing(async () => {
			for (const body of bodies.map((one) => ({ csrf, ...bodyOf(one) }))) {
				assertRefused(await accountPost(server, null, name, body), 401, 'no cookie', 'login_required');
				const [cookie] = [...browser.cookies.of('localhost').values()].filter((one) => one.name.includes('session'));
				assertRefused(await accountPost(server, null, name, body, { Cookie: `${cookie.name}=${'A'.repeat(43)}` }), 401, 'a made-up cookie', 'login_required');
			}
		}));

		test('members of another type, or missing', () => changesNothing(async () => {
			for (const body of bodies) {
				for (const [member, { wrong }] of Object.entries(body.members)) {
					for (const value of [...wrong, undefined])
						assertRefused(await accountPost(server, browser, name, { csrf, ...bodyOf(body), [member]: value }), 400, `${member}: ${JSON.stringify(value)}`);
				}
			}
		}));

		test('texts with control characters, or far too long', () => changesNothing(async () => {
			for (const body of bodies) {
				for (const member of Object.keys(body.members).filter((one) => typeof body.members[one].value === 'string')) {
					for (const value of ['a\u0007b', 'x'.repeat(60000)]) {
						// A password may be anything while it is only looked at.
						const answer = await accountPost(server, browser, name, { csrf, ...bodyOf(body), [member]: value });
						if (!(name === 'password' && member === 'password'))
							assertRefused(answer, 400, `${member}: ${value.slice(0, 3)}`);
						else
							assert.ok(answer.status < 500, answer.text);
					}
				}
			}
		}));

		if (bodies[0].members.action) {
			test('an action that there is not', () => changesNothing(async () => {
				for (const action of ['', 'nonsense', bodies[0].members.action.value.toUpperCase(), `${bodies[0].members.action.value} `])
					assertRefused(await accountPost(server, browser, name, { ...first(), action }), 400, action, 'invalid_request');
			}));
		}

		test('other methods: 405', () => changesNothing(async () => {
			for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
				const answer = await browser.send(server.url(`account/${name}`), { method });
				assert.equal(answer.status, 405, `${method}: ${answer.status}`);
			}
			const shown = await accountGet(server, browser, name);
			assert.ok([200, 403, 405].includes(shown.status), shown.text);
		}));

		if (bodies.some((body) => body.fresh)) {
			test('what needs a fresh sign-in: 403', async () => {
				const [[time]] = await sql(server, 'SELECT max(auth_time) FROM sessions');
				await sql(server, 'UPDATE sessions SET auth_time = auth_time - 100000');
				try {
					await changesNothing(async () => {
						for (const body of bodies.filter((one) => one.fresh))
							assertRefused(await accountPost(server, browser, name, { csrf, ...bodyOf(body) }), 403, body.members.action.value, 'fresh_login_required');
					});
				} finally {
					await sql(server, `UPDATE sessions SET auth_time = ${time}`);
				}
			});
		}
	});
}

for (const name of GETS.filter(isBuilt)) {
	test(`account/${name}: nobody, other methods, another's list`, () => changesNothing(async () => {
		assertRefused(await accountGet(server, null, name), 401, 'no cookie', 'login_required');
		assertRefused(await accountPost(server, browser, name, { csrf }), 405, 'POST');
	}));
}

test('account/export needs a fresh sign-in', { skip: !isBuilt('export') }, async () => {
	await sql(server, 'UPDATE sessions SET auth_time = auth_time - 100000');
	await changesNothing(async () => assertRefused(await accountGet(server, browser, 'export'), 403, 'stale', 'fresh_login_required'));
	await sql(server, 'UPDATE sessions SET auth_time = auth_time + 100000');
});
