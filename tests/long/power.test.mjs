// A power cut at every moment of a run: all that was written and not synced may be lost, there or torn, and every answer
// that was sent by then must still be true.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Browser, finish, reply } from '../lib/browser.mjs';
import { authorization, redemption } from '../lib/client.mjs';
import { compile } from '../lib/compile.mjs';
import { CUTS, Disk, readJournal } from '../lib/disk.mjs';
import { basic } from '../lib/http.mjs';
import { run } from '../lib/process.mjs';
import { Runners } from '../lib/runners.mjs';
import { ALICE, ROOT, install } from '../lib/server.mjs';

const AT_ONCE = 4;
const LIVES = 2; // sign-ins with all that follows, of each worker

let server;
let runners;
let folder; // database/
let scratch;
let journal;
let start; // the files before the run
let events;
const promises = new Map(); // tag of a request → what its answer promised: (database) => problem or nothing

const hash = (text) => createHash('sha256').update(text).digest('hex').toUpperCase();

before(async () => {
	const bin = path.join(ROOT, 'build/dynamic/cgi-bin');
	assert.ok(existsSync(path.join(bin, 'token')), 'make VARIANT=dynamic has been run');
	server = await install({
		settings: { log_level: 'warning' }, users: [ALICE],
		clients: [{ client_name: 'App', redirect_uris: ['https://client.example/callback'], grant_types: ['authorization_code', 'refresh_token'], consent: 'none' }],
	});
	folder = path.join(server.directory, 'database');
	scratch = await mkdtemp(path.join(os.tmpdir(), 'latchkey-power-'));
	journal = path.join(scratch, 'journal');
	await writeFile(journal, '');
	runners = new Runners(server, AT_ONCE, { bin, more: {
		LD_PRELOAD: compile('record_writes', '-shared', '-fPIC'), RECORD_FOLDER: folder, RECORD_JOURNAL: journal,
	} });
});

after(async () => {
	await runners?.stop();
	await server?.stop();
	if (scratch)
		await rm(scratch, { recursive: true, force: true });
});

async function files() {
	const names = (await readdir(folder)).filter((name) => !/-shm$|\.lock$/.test(name));
	return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))])));
}

// ---- the run

let tags = 0;

/** One request; `promise(answer)` gives what the database must show once the answer has been sent. */
async function send(url, options, promise) {
	const tag = ++tags;
	const { answer } = await runners.run(url, { ...options, more: { RECORD_TAG: String(tag) } });
	if (promise)
		promises.set(tag, promise(answer));
	return answer;
}

const transport = (url, options) => send(url, options, (answer) => {
	const cookie = (answer.headers['set-cookie'] ?? []).map((line) => /^latchkey-session-\w+=([^;]+)/.exec(line)?.[1]).find(Boolean);
	const code = answer.location?.searchParams.get('code');
	return (database) => {
		if (cookie && !database.has(`session ${hash(cookie)}`))
			return 'a session is gone';
		return code && !database.has(`code ${hash(code)}`) ? 'a code is gone' : null;
	};
});

class Life {
	async token(form, family) {
		const answer = await send(server.url('token'), { form, headers: this.headers }, (got) => {
			assert.equal(got.status, 200, got.text);
			const tokens = got.json();
			const generation = family.generation + 1;
			return (database) => {
				if (!database.has(`access ${hash(tokens.access_token)}`))
					return 'an access token is gone';
				if (!database.has(`used ${hash(family.code)}`))
					return 'a code that was redeemed is good again';
				return database.generations.get(hash(family.code)) >= generation ? null : 'a refresh token that was replaced is good again';
			};
		});
		const tokens = answer.json();
		family.generation++;
		family.refresh = tokens.refresh_token;
		family.access = tokens.access_token;
	}

	async revoke(token, what, key) {
		await send(server.url('revoke'), { form: { token }, headers: this.headers }, (answer) => {
			assert.equal(answer.status, 200);
			return (database) => database.has(`${what} ${key}`) ? null : `a token that was revoked is good again: ${what}`;
		});
	}

	async tokens(started, outcome) {
		const family = { code: outcome.params.get('code'), generation: 0 };
		await this.token(redemption(server, { ...started, ...outcome }).form, family);
		for (let i = 0; i < 3; i++)
			await this.token({ grant_type: 'refresh_token', refresh_token: family.refresh }, family);
		await this.revoke(family.access, 'revoked-access', hash(family.access));
		await this.token({ grant_type: 'refresh_token', refresh_token: family.refresh }, family);
		await this.revoke(family.refresh, 'revoked-family', hash(family.code));
	}

	async run() {
		const { App } = server.clients;
		const browser = new Browser({ transport });
		this.headers = { Authorization: basic(App.client_id, App.client_secret) };
		const first = authorization(server, App);
		await this.tokens(first, await finish(browser, await browser.visit(first.url), server.issuer, { user: ALICE }));
		const second = authorization(server, App);
		await this.tokens(second, reply(await browser.visit(second.url), server.issuer));
	}
}

// ---- the check

const QUERY = `PRAGMA synchronous = OFF; PRAGMA integrity_check; PRAGMA foreign_key_check;
SELECT 'code', hex(code_hash) FROM grants; SELECT 'used', hex(code_hash) FROM grants WHERE code_used_at_ms IS NOT NULL;
SELECT 'generation', hex(code_hash), coalesce(refresh_generation, 0) FROM grants;
SELECT 'revoked-family', hex(code_hash) FROM grants WHERE revoked_at IS NOT NULL;
SELECT 'access', hex(token_hash) FROM access_tokens; SELECT 'revoked-access', hex(token_hash) FROM access_tokens WHERE revoked_at IS NOT NULL;
SELECT 'session', hex(session_hash) FROM sessions;`;

/** Opens an image as the next program would, recovering the log. */
async function open(image, place) {
	await rm(place, { recursive: true, force: true });
	await mkdir(place);
	for (const [name, bytes] of Object.entries(image))
		await writeFile(path.join(place, name), bytes);
	const { code, stdout, stderr } = await run('sqlite3', ['-bail', '-separator', ' ', path.join(place, 'latchkey.db'), QUERY]);
	const lines = stdout.trim().split('\n');
	const rows = new Set(lines.slice(1));
	rows.generations = new Map(lines.filter((line) => line.startsWith('generation ')).map((line) => line.split(' ').slice(1)).map(([key, value]) => [key, Number(value)]));
	const alien = lines.slice(1).find((line) => !/^(code|used|generation|revoked-family|access|revoked-access|session) /.test(line));
	if (code !== 0 || lines[0] !== 'ok' || alien)
		rows.problem = `the database is broken: ${stderr || alien || lines[0]}`;
	return rows;
}

/** Every cut at every event that `wanted` names, without images that came before; gives the problems. */
async function cutEverywhere({ countsSync, wanted = () => true, most = Infinity }) {
	const disk = new Disk(start, countsSync);
	const seen = new Set();
	const sent = [];
	const report = { cuts: 0, images: 0, problems: [] };
	const running = new Set();
	const places = Array.from({ length: 3 }, (_, i) => path.join(scratch, `image${i}`));

	for (const [at, event] of events.entries()) {
		disk.step(event);
		if (event.type === 'a' && promises.has(event.tag))
			sent.push(promises.get(event.tag));
		if (!wanted(event) || report.problems.length >= most)
			continue;
		const promised = [...sent];
		for (const [how, cut] of Object.entries(CUTS)) {
			report.cuts++;
			const image = disk.image(cut);
			const digest = createHash('sha256');
			for (const [name, bytes] of Object.entries(image))
				digest.update(`${name} ${bytes.length}\n`).update(bytes);
			const key = `${promised.length} ${digest.digest('hex')}`;
			if (seen.has(key))
				continue;
			seen.add(key);
			report.images++;
			while (places.length === 0)
				await Promise.race(running);
			const place = places.pop();
			const check = open(image, place).then((database) => {
				const problem = database.problem ?? promised.map((promise) => promise(database)).find(Boolean);
				if (problem)
					report.problems.push(`cut after event ${at} (${event.type} ${event.name}), what was not synced ${how}: ${problem}`);
				places.push(place);
				running.delete(check);
			});
			running.add(check);
		}
	}
	await Promise.all(running);
	return report;
}

test('a run of sign-ins, codes, refreshes and revocations, recorded', { timeout: 120000 }, async (t) => {
	// The log is made during the run: its name must be as durable as what it holds.
	const emptied = await run('sqlite3', [path.join(folder, 'latchkey.db'), 'PRAGMA wal_checkpoint(TRUNCATE)']);
	assert.equal(emptied.stdout, '0|0|0\n');
	start = await files();
	assert.deepEqual(Object.keys(start), ['latchkey.db']);
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		for (let i = 0; i < LIVES; i++)
			await new Life().run();
	}));
	events = readJournal(journal);
	const count = (type, name) => events.filter((event) => event.type === type && (name === undefined || event.name === name)).length;
	t.diagnostic(`recorded: ${count('a')} answers, ${count('w')} writes, ${count('S')} syncs, ${count('t')} truncations`
		+ ` (${count('S', 'latchkey.db')} syncs of the database: checkpoints)`);
	assert.ok(count('S', 'latchkey.db') >= 3, 'there were checkpoints');
	assert.ok(count('c', 'latchkey.db-wal') >= 1, 'the log was made during the run');

	const disk = new Disk(start);
	for (const event of events)
		disk.step(event);
	const now = await files();
	const image = disk.image(CUTS['all of it there']);
	assert.deepEqual(Object.keys(image).sort(), Object.keys(now).sort());
	for (const [name, bytes] of Object.entries(now))
		assert.ok(bytes.equals(image[name]), `nothing was missed: replaying all gives ${name} as it is`);
});

test('cut after any of its events, the database opens clean and every answer holds', { timeout: 900000 }, async (t) => {
	const { cuts, images, problems } = await cutEverywhere({});
	t.diagnostic(`power cuts: ${cuts} (${events.length} moments, ${Object.keys(CUTS).length} ways), ${images} different disks, ${problems.length} with something lost`);
	assert.deepEqual(problems.slice(0, 20), []);
});

test('the check notices a disk that does not sync the log, or not the database', { timeout: 300000 }, async (t) => {
	for (const name of ['latchkey.db-wal', 'latchkey.db']) {
		const { images, problems } = await cutEverywhere({ countsSync: (event) => event.name !== name, wanted: (event) => event.type === 'a', most: 1 });
		t.diagnostic(`without syncs of ${name}: ${problems[0]} (after ${images} disks)`);
		assert.ok(problems.length > 0);
	}
});
