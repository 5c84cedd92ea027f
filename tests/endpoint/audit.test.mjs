// The audit log: what `latchkey audit` shows of it, and that nobody can change it unseen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Browser, loginForm, signIn } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, authorize, redemption } from '../lib/client.mjs';
import { run } from '../lib/process.mjs';
import { ALICE, BOB, ROOT, install } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

let server;
let client;

before(async () => {
	server = await install({ users: [ALICE, BOB] });
	client = await server.addClient({ client_name: 'Web', client_id: 'web', consent: 'none', redirect_uris: ['https://web.example/cb'] });
	const send = cgiTransport(server);
	const browser = new Browser({ transport: send });
	const page = await browser.visit(authorization(server, client).url);
	assert.ok(loginForm(await signIn(browser, page, { username: 'alice', password: 'a wrong password, certainly' })));
	const outcome = await authorize(server, browser, client);
	assert.equal((await send(server.url('token'), redemption(server, outcome))).status, 200);
});
after(() => server?.stop());

const lines = (text) => text.split('\n').filter(Boolean);

async function events(...args) {
	const { stdout } = await server.latchkey(['audit', '--json', ...args]);
	return lines(stdout).map((line) => JSON.parse(line));
}

const names = async (...args) => (await events(...args)).map((event) => event.event);
const database = (directory) => path.join(directory, 'database/latchkey.db');

async function sql(directory, text) {
	const { code, stdout, stderr } = await run('sqlite3', [database(directory), text]);
	assert.equal(code, 0, stderr);
	return stdout.trim();
}

describe('latchkey audit', () => {
	test('every event, a JSON object a line, in order', async () => {
		const all = await events();
		assert.deepEqual(all.map((event) => event.audit_id), all.map((_, i) => i + 1));
		const success = all.find((event) => event.event === 'login.success');
		assert.equal(success.username, 'alice');
		assert.equal(success.address, '127.0.0.1');
		assert.equal(new Date(success.time).getTime(), success.at * 1000);
		assert.match(success.request_id, /^[0-9a-f]{16}$/);
		const issued = all.find((event) => event.event === 'tokens.issued');
		assert.equal(issued.client_id, 'web');
		assert.equal(issued.user_id, success.user_id);
		assert.ok(issued.grant_id && issued.sid);
	});

	test('filters', async () => {
		assert.deepEqual(await names('--event', 'login.'), ['login.failure', 'login.success']);
		assert.deepEqual(await names('--event', 'login.success'), ['login.success']);
		assert.deepEqual(await names('--event', '%'), []);
		assert.ok((await events('--user', 'alice')).every((event) => event.username === 'alice'));
		assert.ok((await names('--user', 'ALICE')).includes('tokens.issued'));
		assert.deepEqual(await names('--user', 'bob'), ['user.added']);
		assert.deepEqual(await names('--user', 'nobody'), []);
		assert.deepEqual(await names('--client', 'web', '--event', 'client.'), ['client.added']);
		assert.deepEqual(await names('--user', 'alice', '--event', 'tokens.', '--client', 'web'), ['tokens.issued']);
		assert.deepEqual(await names('--client', 'web', '--user', 'bob'), []);
		const all = await events();
		assert.deepEqual(await events('--limit', '3'), all.slice(-3));
		assert.deepEqual(await events('--limit', '1', '--event', 'key.'), all.filter((event) => event.event === 'key.added').slice(-1));
		assert.deepEqual(await events('--limit', '100000'), all);
		assert.equal((await events('--since', '1h')).length, all.length);
		assert.equal((await events('--since', '2001-02-03')).length, all.length);
		assert.deepEqual(await names('--since', '2999-01-01T00:00:00Z'), []);
		assert.deepEqual(await names('--until', '1h'), []);
		const middle = all[Math.floor(all.length / 2)].at;
		const time = new Date(middle * 1000).toISOString().slice(0, 19);
		assert.deepEqual(await events('--since', time), all.filter((event) => event.at >= middle));
		assert.deepEqual(await events('--until', `${time}Z`), all.filter((event) => event.at < middle));
	});

	test('a table in plain words', async () => {
		const { stdout } = await server.latchkey(['audit', '--user', 'alice']);
		const [titles, ...rows] = lines(stdout);
		assert.match(titles, /^TIME +EVENT +USER +CLIENT +ADDRESS +DETAIL$/);
		assert.ok(rows.some((row) => /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ +login\.success +alice +.* 127\.0\.0\.1 /.test(row)), stdout);
	});

	test('what others sent does not steer the terminal', async () => {
		const directory = await copy();
		await sql(directory, `INSERT INTO audit (at, event, client_id, detail) VALUES (-1, 'x', char(27) || '[2J', 'a' || char(8238) || 'b' || char(10) || 'c')`);
		const result = await latchkey(directory, ['audit', '--limit', '1']);
		assert.doesNotMatch(result.stdout, /[\x00-\x09\x0b-\x1f\x7f-\u009f\u202e]/);
		assert.equal(lines(result.stdout).length, 2);
		await rm(directory, { recursive: true });
	});

	test('wrong options', async () => {
		for (const args of [['--since', 'yesterday'], ['--since', '2026-02-31'], ['--since', '99999999999d'], ['--limit', '0'], ['--limit', 'x'],
			['--follow', '--until', '1h'], ['--verify', '--user', 'alice'], ['--head', `1:${'0'.repeat(64)}`], ['--verify', '--head', '1:00']]) {
			const { code, stderr } = await server.latchkey(['audit', ...args], { fails: true });
			assert.equal(code, 2, args.join(' '));
			assert.match(stderr, /^latchkey: /);
		}
	});

	test('--follow shows what is new, within seconds', async () => {
		const child = spawn(path.join(ROOT, 'build/bin/latchkey'), ['audit', '--follow', '--json', '--event', 'user.'], { env: server.environment });
		let text = '';
		child.stdout.on('data', (part) => {
			text += part;
		});
		const ended = new Promise((resolve) => {
			child.on('close', (_, signal) => resolve(signal));
		});
		try {
			await until('the old ones', () => lines(text).length === 2);
			await server.latchkey(['user', 'disable', 'bob']);
			await until('the new one', () => lines(text).length === 3);
			assert.equal(JSON.parse(lines(text)[2]).event, 'user.disabled');
			await server.latchkey(['user', 'enable', 'bob']);
			await until('another one', () => lines(text).length === 4);
		} finally {
			child.kill('SIGINT');
		}
		assert.equal(await ended, 'SIGINT');
	});

	test('a reader that goes away is no error', async () => {
		const { stderr } = await run('sh', ['-c', `'${path.join(ROOT, 'build/bin/latchkey')}' audit | head -n 1`], { env: server.environment });
		assert.equal(stderr, '');
	});
});

// Installations to tamper with.
async function copy() {
	const directory = await mkdtemp(path.join(os.tmpdir(), 'latchkey-audit-'));
	await sql(server.directory, 'PRAGMA wal_checkpoint(TRUNCATE)');
	await cp(server.directory, directory, { recursive: true, filter: (from) => !from.endsWith('/mail/wake') });
	return directory;
}

const latchkey = (directory, args) => run(path.join(ROOT, 'build/bin/latchkey'), args,
	{ env: { ...process.env, LATCHKEY_CONFIG: path.join(directory, 'latchkey.conf') } });

async function verify(directory, ...args) {
	const { code, stdout, stderr } = await latchkey(directory, ['audit', '--verify', '--json', ...args]);
	const result = { code, stderr, ...JSON.parse(stdout) };
	assert.equal(result.whole, code === 0);
	return result;
}

/** Three seals: events 1 to 20, 21 to 30, 31 to 45; five events more. */
async function sealed() {
	const directory = await copy();
	await sql(directory, 'DELETE FROM audit; DELETE FROM audit_seals');
	for (const [from, to] of [[1, 20], [21, 30], [31, 45]]) {
		await sql(directory, `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
			INSERT INTO audit (audit_id, at, event, detail) SELECT i, 1000 + i, 'test.event', 'number ' || i FROM n`);
		const { code, stdout } = await latchkey(directory, ['audit', '--seal', '--json']);
		assert.equal(code, 0);
		assert.equal(JSON.parse(stdout).sealed, to - from + 1);
	}
	await sql(directory, `INSERT INTO audit (at, event) VALUES (2000, 'a'), (2001, 'b'), (2002, 'c'), (2003, 'd'), (2004, 'e')`);
	return directory;
}

describe('the chain of seals', () => {
	const first = [{ from: 1, to: 20 }];
	const second = [{ from: 21, to: 30 }];
	const tampering = {
		'a changed event': [`UPDATE audit SET detail = 'harmless' WHERE audit_id = 25`, second],
		'a changed time': ['UPDATE audit SET at = at + 1 WHERE audit_id = 25', second],
		'NULL for nothing': [`UPDATE audit SET user_id = '' WHERE audit_id = 3`, first],
		'a text moved to another column': ['UPDATE audit SET request_id = detail, detail = NULL WHERE audit_id = 3', first],
		'bytes behind a NUL': [`UPDATE audit SET detail = detail || char(0) || 'x' WHERE audit_id = 3`, first],
		'a removed event': ['DELETE FROM audit WHERE audit_id = 25', second],
		'the first event removed': ['DELETE FROM audit WHERE audit_id = 1', first],
		'a batch removed': ['DELETE FROM audit WHERE audit_id BETWEEN 21 AND 30', second],
		'an inserted event': [`INSERT INTO audit (audit_id, at, event) VALUES (0, 1, 'x')`, first],
		'one far before all': [`INSERT INTO audit (audit_id, at, event) VALUES (-9000000000000000000, 1, 'x')`, first],
		'two events exchanged': [`UPDATE audit SET audit_id = -1 WHERE audit_id = 22; UPDATE audit SET audit_id = 22 WHERE audit_id = 23;
			UPDATE audit SET audit_id = 23 WHERE audit_id = -1`, second],
		'a removed seal': ['DELETE FROM audit_seals WHERE audit_id = 30', [{ from: 21, to: 45 }]],
		'another time of sealing': ['UPDATE audit_seals SET sealed_at = sealed_at - 60 WHERE audit_id = 30', second],
		'a made-up seal': [`UPDATE audit_seals SET mac = randomblob(32) WHERE audit_id = 30`, [{ from: 21, to: 30 }, { from: 31, to: 45 }]],
		'a short seal': [`UPDATE audit_seals SET mac = X'00' WHERE audit_id = 45`, [{ from: 31, to: 45 }]],
		'a seal added': [`INSERT INTO audit_seals VALUES (50, randomblob(32), 0)`, [{ from: 46, to: 50 }]],
	};
	let directory;
	before(async () => {
		directory = await sealed();
	});
	after(() => rm(directory, { recursive: true, force: true }));

	test('is whole while nobody touched it', async () => {
		const result = await verify(directory);
		assert.equal(result.code, 0, result.stderr);
		assert.deepEqual([result.events, result.seals, result.unsealed, result.broken], [45, 3, 5, []]);
		assert.match(result.head, /^45:[0-9a-f]{64}$/);
		const { code, stdout } = await latchkey(directory, ['audit', '--verify']);
		assert.equal(code, 0);
		assert.match(stdout, /^Events under a seal: 45, seals: 3, newer events: 5$/m);
		assert.match(stdout, new RegExp(`^Head, to be kept elsewhere: ${result.head}$`, 'm'));
		assert.match(stdout, /^All seals fit\.$/m);
	});

	for (const [what, [change, broken]] of Object.entries(tampering)) {
		test(`${what} is found`, async () => {
			const other = await mkdtemp(path.join(os.tmpdir(), 'latchkey-audit-'));
			await sql(directory, 'PRAGMA wal_checkpoint(TRUNCATE)');
			await cp(directory, other, { recursive: true, filter: (from) => !from.endsWith('/mail/wake') });
			try {
				await sql(other, change);
				const result = await verify(other);
				assert.equal(result.code, 1);
				assert.deepEqual(result.broken.map(({ from, to }) => ({ from, to })), broken);
				const { code, stdout, stderr } = await latchkey(other, ['audit', '--verify']);
				assert.equal(code, 1);
				assert.match(stdout, new RegExp(`^Broken: of the events ${broken[0].from} to ${broken[0].to}, sealed `, 'm'));
				assert.match(stderr, /tampered with/);
				assert.doesNotMatch(stdout, /All seals fit/);
			} finally {
				await rm(other, { recursive: true });
			}
		});
	}

	test('an end that was cut off is found by a head kept elsewhere, which later seals do not change', async () => {
		const other = await sealed();
		try {
			const { head } = await verify(other);
			assert.equal((await latchkey(other, ['audit', '--seal'])).code, 0);
			assert.equal((await verify(other, '--head', head)).code, 0);
			assert.notEqual((await verify(other)).head, head);
			await sql(other, 'DELETE FROM audit WHERE audit_id > 30; DELETE FROM audit_seals WHERE audit_id > 30');
			assert.equal((await verify(other)).code, 0, 'by itself it looks whole');
			const result = await verify(other, '--head', head);
			assert.equal(result.code, 1);
			assert.match(result.stderr, /is not in the chain any more/);
		} finally {
			await rm(other, { recursive: true });
		}
	});

	test('needs its key: without it nothing is sealed, and init does not make another one', async () => {
		const other = await sealed();
		try {
			await rename(path.join(other, 'keys/audit.key'), path.join(other, 'away'));
			for (const args of [['--seal'], ['--verify']]) {
				const { code, stderr } = await latchkey(other, ['audit', ...args]);
				assert.equal(code, 1);
				assert.match(stderr, /audit\.key/);
			}
			await server.latchkey(['audit', '--limit', '1']);
			const { code, stderr } = await latchkey(other, ['init', '--directory', other, '--issuer', server.issuer]);
			assert.equal(code, 1);
			assert.match(stderr, /audit\.key is missing, but the audit log is sealed with it/);
		} finally {
			await rm(other, { recursive: true });
		}
	});

	test('sealed by eight at once, it is one chain', async () => {
		const other = await copy();
		try {
			await sql(other, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
				INSERT INTO audit (at, event) SELECT i, 'test.event' FROM n`);
			const all = await Promise.all(Array.from({ length: 8 }, () => latchkey(other, ['audit', '--seal', '--json'])));
			assert.deepEqual(all.map((one) => one.code), Array(8).fill(0));
			const result = await verify(other);
			assert.equal(result.code, 0);
			assert.equal(result.unsealed, 0);
			assert.equal(all.reduce((sum, one) => sum + JSON.parse(one.stdout).sealed, 0), result.events);
		} finally {
			await rm(other, { recursive: true });
		}
	});

	test('gc seals too; a long log in batches, and in little memory', async () => {
		const other = await copy();
		try {
			await sql(other, `DELETE FROM audit; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60001)
				INSERT INTO audit (at, event, user_id, detail) SELECT i, 'test.event', 'somebody', printf('%0500d', i) FROM n`);
			const env = { ...process.env, LATCHKEY_CONFIG: path.join(other, 'latchkey.conf') };
			const small = (args) => run('sh', ['-c', `ulimit -v 65536; exec '${path.join(ROOT, 'build/bin/latchkey')}' ${args}`], { env });
			const gc = await small('gc --json');
			assert.equal(gc.code, 0, gc.stderr);
			assert.equal(JSON.parse(gc.stdout).sealed_events, 60001);
			assert.equal(await sql(other, 'SELECT group_concat(audit_id) FROM audit_seals'), '10000,20000,30000,40000,50000,60000,60001');
			const check = await small('audit --verify --json');
			assert.equal(check.code, 0, check.stderr);
			const shown = await small('audit --json | tail -n 1');
			assert.equal(JSON.parse(shown.stdout).audit_id, 60001);
		} finally {
			await rm(other, { recursive: true });
		}
	});
});
