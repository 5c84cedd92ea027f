// `latchkey upgrade`: the installation of the first release goes on in this one; who meets another version is told what to do.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { Browser, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, redeem, userinfo } from '../lib/client.mjs';
import { placeFirstRelease } from '../lib/first_release.mjs';
import { formsOf } from '../lib/html.mjs';
import { request } from '../lib/http.mjs';
import { start } from '../lib/process.mjs';
import { ALICE, install, ROOT } from '../lib/server.mjs';
import { introspect, refresh, sql, sqlValue } from '../lib/tokens.mjs';
import { totp } from '../lib/totp.mjs';
import { until } from '../lib/wait.mjs';

let server;
let facts;

const upgrade = async () => JSON.parse((await server.latchkey(['upgrade', '--json'])).stdout);
const version = async () => Number(await sqlValue(server, 'PRAGMA user_version'));
const copyFile = () => path.join(server.directory, 'database/before-upgrade-1.db');

describe('the installation of the first release', () => {
	beforeEach(async () => {
		({ server, facts } = await placeFirstRelease());
	});
	afterEach(() => server?.stop());

	test('is upgraded, with a copy of what was; a second call has nothing to do', async () => {
		const before = await sql(server, 'SELECT user_id, password FROM users ORDER BY user_id');
		const done = await upgrade();
		assert.equal(done.from, 1);
		assert.equal(done.to, await version());
		assert.equal(done.changed, done.to > 1);
		if (done.changed) {
			assert.equal(done.copy, copyFile());
			assert.equal((await stat(copyFile())).mode & 0o777, 0o600);
			assert.match(execFileSync('sqlite3', [copyFile(), 'PRAGMA user_version; PRAGMA integrity_check'], { encoding: 'utf8' }), /^1\nok\n$/);
			assert.equal(await sqlValue(server, "SELECT count(*) FROM audit WHERE event = 'installation.upgraded'"), '1');
		} else {
			await assert.rejects(stat(copyFile()), { code: 'ENOENT' });
		}
		assert.deepEqual(await sql(server, 'SELECT user_id, password FROM users ORDER BY user_id'), before);
		assert.deepEqual(await upgrade(), { from: done.to, to: done.to, changed: false });
		assert.match((await server.latchkey(['upgrade'])).stdout, /nothing to do/);
	});

	test('has the schema of a new one afterwards', async () => {
		const schema = async (one) => (await sql(one, "SELECT type, name, replace(replace(sql, char(10), ' '), '|', ' ') FROM sqlite_schema"
			+ " WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name")).map((row) => row.join(' ').replace(/\s+/g, ' ').replace(/ ?([(),]) ?/g, '$1'));
		const fresh = await install({ users: [] });
		try {
			await upgrade();
			assert.deepEqual(await schema(server), await schema(fresh), 'a change of schema.sql needs a step in lib/database/migrations.c');
		} finally {
			await fresh.stop();
		}
	});

	test('lets its users and clients go on: old password, old consent, old tokens', async () => {
		await upgrade();
		await server.serve();
		const { Web, Spa } = server.clients;
		// What was issued then is good now, in both formats, and of both kinds of client.
		for (const client of [Web, Spa]) {
			const old = facts.tokens[client.client_name];
			assert.equal((await userinfo(server, old.access_token)).json().email, ALICE.claims.email);
			const answer = await refresh(server, client, old.refresh_token);
			assert.equal(answer.status, 200, answer.text);
			assert.equal((await userinfo(server, answer.json().access_token)).json().name, ALICE.claims.name);
			// And once only: for the client without a secret there is no grace.
			const again = await refresh(server, client, answer.json().refresh_token);
			assert.equal(again.status, 200, again.text);
		}
		assert.equal((await introspect(server, Web, facts.tokens.Web.access_token)).active, true);
		const outcome = await authorize(server, new Browser(), Web, { scope: 'openid profile email' });
		assert.deepEqual(outcome.pages, ['login'], 'the consent is remembered');
		assert.equal((await redeem(server, outcome)).status, 200);
		const wrong = authorize(server, new Browser(), Web, {}, { user: { username: 'alice', password: 'not her password at all' } });
		await assert.rejects(wrong, /no end/);
	});

	test('knows the second factors of then: app and recovery codes', async () => {
		await upgrade();
		await server.serve();
		const { user, seed, recovery_codes: recovery } = facts.second_factor;
		const codeForm = (page) => formsOf(page.text).find((form) => form.fields.some((field) => field.name === 'code'));
		for (const code of [recovery[3], totp(seed), undefined]) {
			const browser = new Browser();
			const page = await signIn(browser, await browser.visit(authorization(server, server.clients.Web).url), server.users[user]);
			assert.ok(codeForm(page), `asks for a second factor: ${page.url}`);
			// A recovery code that was used is none any more.
			const last = await browser.submit(page, { fill: { code: code ?? recovery[3] }, form: codeForm(page) });
			assert.equal(Boolean(reply(last, server.issuer)?.params.get('code')), code !== undefined, `${last.status} ${last.url}`);
		}
	});

	test('nothing was to do for a current one, and no way leads from what never was', async () => {
		await sql(server, 'PRAGMA user_version = 0');
		const result = await server.latchkey(['upgrade'], { fails: true });
		assert.equal(result.code, 1);
		assert.match(result.stderr, /version 0, from which no way leads/);
		assert.equal(await version(), 0);
	});
});

describe('a database of another version', () => {
	beforeEach(async () => {
		server = await install({ users: [ALICE] });
		await server.addClient({ client_name: 'Web', redirect_uris: ['https://web.example/cb'], consent: 'none' });
	});
	afterEach(() => server?.stop({ errors: true }));

	const token = () => request(server.url('token'), { form: { grant_type: 'authorization_code', code: 'x', client_id: server.clients.Web.client_id } });

	async function assertTold() {
		const answer = await token();
		assert.equal(answer.status, 503, answer.text);
		assert.equal(answer.json().error, 'server_error');
		const page = await request(server.url('login'));
		assert.equal(page.status, 503);
		const lines = (await server.log()).filter((line) => line.level === 'error');
		assert.ok(lines.some((line) => line.program === 'token' && /schema version 99, .*run `latchkey upgrade`/.test(line.text)));
	}

	test('is answered 503, and the log names the command, which refuses a newer one', async () => {
		const current = await version();
		await server.serve();
		assert.notEqual((await token()).status, 503);
		await sql(server, 'PRAGMA user_version = 99');
		await assertTold();
		const result = await server.latchkey(['upgrade'], { fails: true });
		assert.equal(result.code, 1);
		assert.match(result.stderr, /version 99, newer than/);
		assert.equal(await version(), 99);
		await sql(server, `PRAGMA user_version = ${current}`);
		assert.notEqual((await token()).status, 503);
	});

	test('is noticed by processes that stay (FastCGI)', async () => {
		const service = start(path.join(ROOT, 'scripts/serve'), ['--port', String(server.port), '--fastcgi'], { env: server.environment, cwd: ROOT });
		try {
			await until('it answers', async () => service.over || (await token()).status < 500);
			assert.equal(service.over, false, service.output());
			const current = await version();
			await sql(server, 'PRAGMA user_version = 99');
			await assertTold();
			await sql(server, `PRAGMA user_version = ${current}`);
			assert.notEqual((await token()).status, 503);
		} finally {
			await service.stop();
		}
	});
});

test('no step of a release is left out: the schema says which version it is', async () => {
	const [, number] = /PRAGMA user_version = (\d+);/.exec(await readFile(path.join(ROOT, 'schema.sql'), 'utf8'));
	const [, constant] = /DATABASE_SCHEMA_VERSION = (\d+)/.exec(await readFile(path.join(ROOT, 'lib/database/database.h'), 'utf8'));
	assert.equal(number, constant);
});
