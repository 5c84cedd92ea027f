// An installation that is broken: the caller gets a status and a request id, and the log has the reason under that id.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { Browser, finish } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { call, endpoints, rows, sql } from '../lib/endpoint.mjs';
import { formBody } from '../lib/http.mjs';
import { ALICE, Server, install } from '../lib/server.mjs';

const ALL = endpoints();
const usesDatabase = (endpoint) => endpoint.reads !== '-' || endpoint.writes !== '-';

let made; // the whole one, of which each test breaks a copy
let server;

before(async () => {
	made = await install({ users: [ALICE] });
	await made.configure({ log_file: '' });
	await made.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'] });
});

after(() => made.stop());

beforeEach(async () => {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
	await cp(made.directory, folder, { recursive: true, filter: (from) => !from.endsWith('/mail/wake') });
	server = Object.assign(new Server(folder, made.port), { clients: made.clients, users: made.users });
});

afterEach(() => rm(server.directory, { recursive: true, force: true }));

const file = (name) => path.join(server.directory, name);

/** This status, a request id and nothing of the reason for the caller; the reason, under the same id, in the log. */
function assertFailed(endpoint, answer, status, reason, { plain = false } = {}) {
	const said = `${endpoint.name}: ${answer.stdout.slice(0, 1500)}${answer.stderr}`;
	assert.equal(answer.code, 0, said);
	assert.equal(answer.status, status, said);
	const lines = answer.stderr.split('\n').filter((line) => / error: /.test(line));
	assert.equal(lines.length, 1, said);
	const [, program, id, text] = /^\S+Z ([\w/]+)\[\d+\] ([0-9a-f]{16}) error: (.*)$/.exec(lines[0]);
	assert.equal(program, endpoint.name);
	assert.match(text, reason, said);
	assert.ok(answer.text.includes(id), said);
	assert.ok(!answer.stdout.includes(server.directory) && !answer.stdout.includes('latchkey.db'), said);
	assert.equal(answer.headers['set-cookie'], undefined, said);
	assert.equal(answer.headers.location, undefined, said);
	assert.equal(answer.headers['cache-control'], 'no-store', said);
	const type = plain ? /^text\/plain/ : endpoint.answers === 'pages' ? /^text\/html/ : /^application\/json$/;
	assert.match(answer.headers['content-type'], type, said);
	if (type.source.includes('json'))
		assert.equal(JSON.parse(answer.text).error, 'server_error', said);
}

/** Each endpoint by each of its methods. */
async function each(body, list = ALL) {
	for (const endpoint of list) {
		for (const method of endpoint.methods)
			await body(endpoint, { method, ...(method === 'POST' ? { body: 'a=b' } : {}) });
	}
}

describe('the configuration', () => {
	const fails = (reason) => each(async (endpoint, request) => assertFailed(endpoint, await call(server, endpoint.name, request), 500, reason, { plain: true }));
	const append = async (text) => writeFile(server.config, `${await readFile(server.config, 'utf8')}${text}`);
	const without = async (key) => writeFile(server.config, (await readFile(server.config, 'utf8')).replace(new RegExp(`^${key} *=.*$`, 'm'), ''));

	test('is missing', async () => {
		await rm(server.config);
		await fails(/^cannot open \S+latchkey\.conf: No such file or directory$/);
	});

	test('is not named', () => each(async (endpoint) => {
		assertFailed(endpoint, await call(server, endpoint.name, { exact: [] }), 500, /^cannot open \/etc\/latchkey\/latchkey\.conf: /, { plain: true });
	}));

	test('is a folder', async () => {
		await rm(server.config);
		await mkdir(server.config);
		await fails(/^cannot read \S+latchkey\.conf: Is a directory$/);
	});

	test('is empty', async () => {
		await truncate(server.config);
		await fails(/latchkey\.conf: issuer is not set$/);
	});

	test('has no issuer', async () => {
		await without('issuer');
		await fails(/latchkey\.conf: issuer is not set$/);
	});

	test('has an unknown key', async () => {
		await append('\nisuer = https://id.example.org\n');
		await fails(/latchkey\.conf:\d+: unknown key "isuer"$/);
	});

	test('has a key twice', async () => {
		await append('\nsignup = on\n');
		await fails(/latchkey\.conf:\d+: key "signup" is repeated$/);
	});

	test('has a value that does not fit', async () => {
		await server.configure({ code_seconds: 'soon' });
		await fails(/latchkey\.conf:\d+: code_seconds must /);
	});

	test('has an issuer that is none', async () => {
		await server.configure({ issuer: 'id.example.org' });
		await fails(/latchkey\.conf:\d+: issuer must begin with https:\/\//);
	});

	test('is no text', async () => {
		await writeFile(server.config, randomBytes(500));
		await fails(/latchkey\.conf: not a text in UTF-8$/);
	});

	test('is endless', async () => {
		await append('#'.repeat(70000));
		await fails(/latchkey\.conf: larger than 65536 bytes$/);
	});

	test('is broken for HEAD and other methods as well', async () => {
		await rm(server.config);
		for (const method of ['HEAD', 'OPTIONS', 'PUT'])
			assert.equal((await call(server, 'token', { method })).status, 500);
	});
});

describe('the database', () => {
	const using = ALL.filter(usesDatabase);
	const fails = (status, reason) => each(async (endpoint, request) => assertFailed(endpoint, await call(server, endpoint.name, request), status, reason),
		using.filter(({ name }) => name !== 'signup')); // switched off, says so before anything else

	afterEach(async () => {
		// What needs no database goes on.
		for (const { name } of ALL.filter((endpoint) => !usesDatabase(endpoint)))
			assert.equal((await call(server, name)).status, 200);
	});

	test('is there: the requests below are refused for no other reason', () => each(async (endpoint, request) => {
		const answer = await call(server, endpoint.name, request);
		assert.ok(answer.status < 500, answer.stdout);
		assert.doesNotMatch(answer.stderr, / error: /);
	}));

	test('is missing', async () => {
		await rm(file('database'), { recursive: true });
		await fails(500, /database\/latchkey\.db.*(No such file|not|cannot|missing)/i);
		await mkdir(file('database'));
		await fails(500, /database\/latchkey\.db/);
		assert.deepEqual(await readdir(file('database')), [], 'nothing is made by itself');
	});

	test('is no database', async () => {
		for (const name of ['latchkey.db-wal', 'latchkey.db-shm'])
			await rm(file(`database/${name}`), { force: true });
		await writeFile(file('database/latchkey.db'), 'This is not a database. '.repeat(500));
		await fails(500, /database/);
	});

	test('is random bytes', async () => {
		await writeFile(file('database/latchkey.db'), randomBytes(50000));
		await fails(500, /database/);
	});

	test('is a folder', async () => {
		await rm(file('database/latchkey.db'));
		await mkdir(file('database/latchkey.db'));
		await fails(500, /database/);
	});

	test('is damaged inside', async () => {
		// Checkpointed first, so that the pages are in the file itself.
		await sql(server.directory, 'PRAGMA wal_checkpoint(TRUNCATE)');
		const bytes = await readFile(file('database/latchkey.db'));
		bytes.fill(0xa5, 100, 4096);
		await writeFile(file('database/latchkey.db'), bytes);
		await each(async (endpoint, request) => {
			const answer = await call(server, endpoint.name, request);
			if (answer.status >= 500 || endpoint.name === 'jwks')
				assertFailed(endpoint, answer, 500, /malformed|database|corrupt/);
		}, using);
	});

	test('lacks a table', async () => {
		await sql(server.directory, 'DROP TABLE signing_keys');
		assertFailed(ALL.find(({ name }) => name === 'jwks'), await call(server, 'jwks'), 500, /no such table: signing_keys/);
	});

	test('has another schema: 503', async () => {
		for (const version of [99, 0]) {
			await sql(server.directory, `PRAGMA user_version = ${version}`);
			await fails(503, new RegExp(`schema version ${version}, this program needs \\d+: run \`latchkey upgrade\``));
		}
	});
});

describe('key files', () => {
	const breakages = {
		'missing': (name) => rm(file(name)),
		'empty': (name) => truncate(file(name)),
		'of another size': (name) => writeFile(file(name), randomBytes(31), { mode: 0o600 }),
		'readable by others': (name) => chmod(file(name), 0o644),
		'a folder': async (name) => {
			await rm(file(name));
			await mkdir(file(name));
		},
	};
	const find = (name) => ALL.find((endpoint) => endpoint.name === name);
	const browser = () => new Browser({ transport: cgiTransport(server) });

	/** Signs in over plain CGI: the code's redemption as a request. */
	async function code(client) {
		const started = authorization(server, client);
		const mine = browser();
		const done = await finish(mine, await mine.visit(started.url), server.issuer, { user: ALICE });
		const { form, headers } = redemption(server, { ...started, ...done });
		return { method: 'POST', body: formBody(form), headers };
	}

	/** The sign-in form of a flow, filled in. */
	async function login() {
		const opened = await call(server, 'login');
		const cookie = opened.headers['set-cookie'][0].split(';')[0];
		const query = new URL(opened.headers.location).search.slice(1);
		const page = await call(server, 'login', { query, headers: { Cookie: cookie } });
		const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)[1];
		return { method: 'POST', headers: { Cookie: cookie }, body: formBody({ flow: query.slice(5), csrf, username: 'alice', password: ALICE.password }) };
	}

	for (const [what, breaks] of Object.entries(breakages)) {
		test(`credentials.key is ${what}: nobody signs in`, async () => {
			const request = await login();
			await breaks('keys/credentials.key');
			for (const username of ['alice', 'nobody']) {
				const answer = await call(server, 'login', { ...request, body: request.body.replace('username=alice', `username=${username}`) });
				assertFailed(find('login'), answer, 500, /^password check: .*keys\/credentials\.key/);
			}
		});

		test(`clients.key is ${what}: no client authenticates, and its code stays`, async () => {
			const request = await code(made.clients.Web);
			await rename(file('keys/clients.key'), file('keys/kept'));
			await cp(file('keys/kept'), file('keys/clients.key'));
			await chmod(file('keys/clients.key'), 0o600);
			await breaks('keys/clients.key');
			const stored = await rows(server.directory);
			assertFailed(find('token'), await call(server, 'token', request), 500, /keys\/clients\.key/);
			assert.deepEqual(await rows(server.directory), stored);
			await rm(file('keys/clients.key'), { recursive: true, force: true });
			await rename(file('keys/kept'), file('keys/clients.key'));
			const answer = await call(server, 'token', request);
			assert.equal(answer.status, 200, answer.stdout + answer.stderr);
		});

		test(`the signing key is ${what}: no tokens, and the code stays`, async () => {
			const request = await code(made.clients.Web);
			// The first redemption stores the client's fast verifier; a wrong one does so as well.
			await call(server, 'token', { ...request, body: request.body.replace(/code_verifier=[^&]*/, `code_verifier=${'x'.repeat(43)}`) });
			const { keys } = JSON.parse((await call(server, 'jwks')).text);
			const name = `keys/signing/${keys[0].kid}.key`;
			await rename(file(name), file('keys/kept'));
			await cp(file('keys/kept'), file(name));
			await chmod(file(name), 0o600);
			await breaks(name);
			const stored = await rows(server.directory);
			assertFailed(find('token'), await call(server, 'token', request), 500, new RegExp(keys[0].kid));
			assert.deepEqual(await rows(server.directory), stored);
			await rm(file(name), { recursive: true, force: true });
			await rename(file('keys/kept'), file(name));
			const answer = await call(server, 'token', request);
			assert.equal(answer.status, 200, answer.stdout + answer.stderr);
		});
	}

	test('a signing key that is damaged inside', async () => {
		const request = await code(made.clients.Web);
		const { keys } = JSON.parse((await call(server, 'jwks')).text);
		const name = file(`keys/signing/${keys[0].kid}.key`);
		const bytes = await readFile(name);
		bytes[200] ^= 1;
		await writeFile(name, bytes);
		assertFailed(find('token'), await call(server, 'token', request), 500, new RegExp(keys[0].kid));
	});

	test('no signing key at all', async () => {
		const request = await code(made.clients.Web);
		await sql(server.directory, 'DELETE FROM signing_keys');
		assertFailed(find('token'), await call(server, 'token', request), 500, /no key signs with RS256/);
		assert.deepEqual(JSON.parse((await call(server, 'jwks')).text), { keys: [] });
	});

	test('a sealed password of another row', async () => {
		const request = await login();
		await sql(server.directory, "UPDATE users SET password = 'v1.AAAA' WHERE username = 'alice'");
		const answer = await call(server, 'login', request);
		assertFailed(find('login'), answer, 500, /^password check: /);
	});
});

describe('the log', () => {
	test('a file that cannot be opened: the server works, and says so', async () => {
		await server.configure({ log_file: path.join(server.directory, 'no/such/folder/log') });
		const answer = await call(server, 'jwks');
		assert.equal(answer.status, 200);
		assert.match(answer.stderr, / warning: cannot open \S+no\/such\/folder\/log\n$/);
	});

	test('a file: errors go there, with the request id of the answer', async () => {
		await server.configure({ log_file: file('errors.log') });
		await rm(file('database/latchkey.db'));
		const answer = await call(server, 'jwks');
		assert.equal(answer.status, 500);
		assert.equal(answer.stderr, '');
		const [, id] = / jwks\[\d+\] ([0-9a-f]{16}) error: .*latchkey\.db/.exec(await readFile(file('errors.log'), 'utf8'));
		assert.ok(answer.text.includes(id));
	});
});
