// `latchkey backup` and `restore`: taken while everybody works, whole or not at all, and good to start from.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, open, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { accountGet } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { authorize, obtain, redeem, userinfo } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { start } from '../lib/process.mjs';
import { ALICE, BOB, install, ROOT, Server, startServer } from '../lib/server.mjs';
import { familyOf, introspect, refresh, sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const CLI = path.join(ROOT, 'build/bin/latchkey');
const PASSPHRASE = 'seven wet umbrellas in März';
const WEB = { client_name: 'Web', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['https://web.example/cb'], consent: 'none' };
const OFFLINE = { scope: 'openid email offline_access' };

let place; // backups, and installations that come out of them
let passphraseFile;

before(async () => {
	place = await mkdtemp(path.join(os.tmpdir(), 'latchkey-backup-'));
	passphraseFile = path.join(place, 'passphrase');
	await writeFile(passphraseFile, `${PASSPHRASE}\nanother line\n`, { mode: 0o600 });
});
after(() => rm(place, { recursive: true, force: true }));

const by = () => ['--passphrase-file', passphraseFile];
const backup = (server, file, options) => server.latchkey(['backup', file, ...by()], options);
const restore = (server, file, args, options) => server.latchkey(['restore', file, ...by(), ...args], options);
const isIn = async (server, browser) => (await accountGet(server, browser, 'overview')).status === 200;

/** Everything in a folder, with modes, to see that nothing came or went. */
async function listing(folder) {
	const names = (await readdir(folder, { recursive: true })).sort();
	return Promise.all(names.map(async (name) => `${name} ${((await stat(path.join(folder, name))).mode & 0o7777).toString(8)}`));
}

/** The same issuer and users, in a folder that a backup was restored to. */
function elsewhere(server, folder) {
	return Object.assign(new Server(folder, server.port), { clients: server.clients, users: server.users });
}

describe('while 16 clients refresh', () => {
	let server;

	before(async () => {
		server = await startServer({ users: [ALICE], clients: [WEB] });
	});
	after(() => server?.stop());

	test('a backup is one moment of it, and nobody notices', { timeout: 120000 }, async () => {
		const { Web } = server.clients;
		const browser = new Browser();
		const families = [];
		for (let i = 0; i < 16; i++)
			families.push({ token: (await obtain(server, browser, Web, OFFLINE)).tokens.refresh_token, generation: 1 });
		let over = false;
		let count = 0;
		const work = Promise.all(families.map(async (family) => {
			while (!over) {
				const answer = await refresh(server, Web, family.token);
				assert.equal(answer.status, 200, answer.text);
				family.token = answer.json().refresh_token;
				family.generation++;
				count++;
			}
		}));
		work.catch(() => { over = true; });
		const taken = [];
		for (let i = 0; i < 5; i++) {
			const file = path.join(place, `busy-${i}`);
			const earlier = families.map((family) => family.generation);
			const before = count;
			await backup(server, file);
			taken.push({ file, earlier, later: families.map((family) => family.generation + 1), during: count - before });
		}
		over = true;
		await work;
		assert.ok(taken.some(({ during }) => during > 16), `work went on: ${taken.map(({ during }) => during)}`);
		assert.ok((await stat(path.join(server.directory, 'database/latchkey.db-wal'))).size < 4 << 20, 'the log was emptied afterwards');
		assert.deepEqual(await sql(server, 'PRAGMA integrity_check'), [['ok']]);
		assert.deepEqual((await server.log()).filter((line) => line.level === 'warning'), []);
		for (const [i, { file, earlier, later }] of taken.entries()) {
			const copy = elsewhere(server, path.join(place, `moment-${i}`));
			await restore(server, file, ['--directory', copy.directory, '--keep-sessions']);
			for (const [j, family] of families.entries()) {
				const generation = Number(await sqlValue(copy, `SELECT refresh_generation FROM grants WHERE grant_id = '${familyOf(family.token)}'`));
				assert.ok(generation >= earlier[j] && generation <= later[j], `${earlier[j]} <= ${generation} <= ${later[j]}`);
			}
			// What the log of events says belongs to the same moment.
			const refreshed = Number(await sqlValue(copy, "SELECT count(*) FROM audit WHERE event = 'tokens.refreshed'"));
			assert.equal(Number(await sqlValue(copy, 'SELECT sum(refresh_generation - 1) FROM grants')), refreshed);
		}
	});
});

describe('a file that is not what was written', () => {
	let server;
	let file;
	let bytes;

	before(async () => {
		server = await install({ users: [ALICE] });
		file = path.join(place, 'good');
		await backup(server, file);
		bytes = (await stat(file)).size;
	});
	after(() => server?.stop());

	async function assertRefused(name, change, pattern, args = by()) {
		const copy = path.join(place, 'changed');
		await writeFile(copy, await readFile(file));
		await change?.(copy);
		const here = await listing(place);
		const target = path.join(place, 'never');
		const result = await server.latchkey(['restore', copy, '--directory', target, ...args], { fails: true });
		assert.equal(result.code, 1, name);
		assert.match(result.stderr, pattern, name);
		assert.equal(result.stdout, '', name);
		assert.deepEqual(await listing(place), here, `${name}: nothing was written`);
	}

	const flip = (at) => async (copy) => {
		const handle = await open(copy, 'r+');
		const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
		await handle.write(Buffer.from([buffer[0] ^ 0x10]), 0, 1, at);
		await handle.close();
	};

	test('cut short, altered, lengthened, of something else: refused, and nothing was written', async () => {
		for (const length of [0, 1, 16, 67, 68, 100, 68 + 65553, 68 + 2 * 65553, bytes - 1])
			await assertRefused(`${length} of ${bytes} bytes`, (copy) => truncate(copy, length), /cannot be restored/);
		for (const at of [0, 17, 30, 60, 68, 70000, bytes - 1])
			await assertRefused(`byte ${at}`, flip(at), /cannot be restored/);
		await assertRefused('longer', (copy) => appendFile(copy, 'x'), /cannot be restored/);
		await assertRefused('text', (copy) => writeFile(copy, 'some other file, long enough to have a header of sixty-eight bytes and more'), /no backup of Latchkey/);
	});

	test('another passphrase, or none', async () => {
		const other = path.join(place, 'other-passphrase');
		await writeFile(other, `${PASSPHRASE}!\n`, { mode: 0o600 });
		await assertRefused('another', undefined, /passphrase is wrong/, ['--passphrase-file', other]);
		await assertRefused('none', undefined, /no terminal/, []);
		await chmod(other, 0o644);
		await assertRefused('readable by others', undefined, /chmod 600/, ['--passphrase-file', other]);
		const short = await server.latchkey(['backup', path.join(place, 'short'), '--passphrase-stdin'], { input: 'fourteen chars\n', fails: true });
		assert.match(short.stderr, /too short/);
		assert.ok(!(await readdir(place)).some((name) => name.startsWith('short')));
	});

	test('the file is for its owner alone, and shows nothing of what is in it', async () => {
		assert.equal((await stat(file)).mode & 0o777, 0o600);
		const all = (await readFile(file)).toString('latin1');
		for (const secret of ['alice', 'SQLite', 'issuer', server.issuer])
			assert.equal(all.includes(secret), false, secret);
		assert.deepEqual((await readdir(place)).filter((name) => name.startsWith('good')), ['good'], 'no other file is left beside it');
		const left = await readdir(path.join(server.directory, 'database'));
		assert.deepEqual(left.filter((name) => !/^(latchkey\.(db|db-wal|db-shm|lock)|argon2\.lock|backup\.lock)$/.test(name)), [], 'nor beside the database');
	});

	test('what cannot be a backup is told: no folder, a device, both from standard input', async () => {
		for (const [args, pattern, code = 1] of [
			[['backup', path.join(place, 'no/such/file'), ...by()], /cannot be written/],
			[['backup', '/dev/null', ...by()], /no file/],
			[['backup', place, ...by()], /no file/],
			[['backup', '-', '--json', ...by()], /no place for --json/, 2],
			[['restore', '-', '--passphrase-stdin', '--directory', path.join(place, 'never')], /both come from standard input/, 2],
			[['restore', file, '--directory', path.join(place, 'no/such/folder'), ...by()], /cannot be found/],
			[['restore', file, '--directory', file, ...by()], /no folder/],
			[['restore', path.join(place, 'nothing'), '--directory', path.join(place, 'never'), ...by()], /cannot be read/],
		]) {
			const result = await server.latchkey(args, { fails: true });
			assert.equal(result.code, code, args.join(' '));
			assert.match(result.stderr, pattern, args.join(' '));
		}
		const foreign = path.join(place, 'foreign');
		await mkdir(foreign);
		await writeFile(path.join(foreign, 'letter'), 'dear');
		const result = await restore(server, file, ['--directory', foreign, '--force'], { fails: true });
		assert.match(result.stderr, /no installation of Latchkey/);
		assert.deepEqual(await readdir(foreign), ['letter']);
		await rm(foreign, { recursive: true });
	});

	test('through a pipe, in and out', async () => {
		const piped = path.join(place, 'piped');
		const out = spawn(CLI, ['backup', '-', '--passphrase-stdin'], { env: server.environment, stdio: ['pipe', 'pipe', 'pipe'] });
		out.stdin.end(`${PASSPHRASE}\n`);
		await new Promise((resolve) => { out.stdout.pipe(createWriteStream(piped)).on('close', resolve); });
		const target = path.join(place, 'from-pipe');
		const back = spawn(CLI, ['restore', '-', '--directory', target, ...by()], { env: server.environment, stdio: ['pipe', 'ignore', 'ignore'] });
		createReadStream(piped).pipe(back.stdin);
		assert.equal(await new Promise((resolve) => { back.on('close', resolve); }), 0);
		assert.deepEqual(JSON.parse((await elsewhere(server, target).latchkey(['user', 'list', '--json'])).stdout).map((user) => user.username), ['alice']);
	});
});

describe('restored', () => {
	let server;
	let file;
	let browser;
	let tokens;

	const begin = async () => {
		server = await install({ users: [ALICE, BOB], clients: [WEB] });
		server.place = path.join(place, path.basename(server.directory));
		file = `${server.place}.backup`;
	};
	const signIn = async () => {
		browser = new Browser();
		tokens = (await obtain(server, browser, server.clients.Web, OFFLINE)).tokens;
	};
	const asides = async () => (await readdir(os.tmpdir())).filter((name) => name.startsWith(`${path.basename(server.directory)}.`));
	const end = async () => {
		await server?.stop({ errors: true });
		for (const name of await asides())
			await rm(path.join(os.tmpdir(), name), { recursive: true });
	};

	test('over what is there, under a running server: the old one is kept, everybody is signed out', async (t) => {
		await begin();
		t.after(end);
		await server.serve();
		await signIn();
		const jwks = await readFile(path.join(server.directory, 'well-known/jwks.json'), 'utf8');
		const unused = await authorize(server, browser, server.clients.Web);
		await backup(server, file);
		await server.addUser({ username: 'carol', password: 'one more password for carol' });
		const before = (await listing(server.directory)).filter((line) => /^(database\/latchkey\.db|keys|latchkey\.conf|mail|well-known)/.test(line) && !/db-/.test(line));

		const refused = await restore(server, file, [], { fails: true });
		assert.match(refused.stderr, /--force/);
		assert.ok(await isIn(server, browser));
		const done = JSON.parse((await restore(server, file, ['--force', '--json'])).stdout);
		assert.equal(done.directory, server.directory);
		assert.equal(done.sessions_ended, 1);
		assert.equal(done.grants_revoked, 2);
		assert.deepEqual(await asides(), [path.basename(done.aside)]);

		assert.deepEqual((await listing(server.directory)).filter((line) => !/db-|latchkey\.(lock|log)/.test(line) && !/^(mail|well-known|database) /.test(line)).filter((line) => before.includes(line)),
			before.filter((line) => !/^(mail|well-known|database) /.test(line)), 'the same files with the same modes');
		assert.equal(await readFile(path.join(server.directory, 'well-known/jwks.json'), 'utf8'), jwks);
		assert.equal(await sqlValue(server, "SELECT count(*) FROM users WHERE username = 'carol'"), '0');
		assert.equal(await sqlValue(elsewhere(server, done.aside), "SELECT count(*) FROM users WHERE username = 'carol'"), '1');
		assert.equal(await sqlValue(server, "SELECT count(*) FROM audit WHERE event = 'installation.restored'"), '1');
		assert.equal(await sqlValue(elsewhere(server, done.aside), "SELECT count(*) FROM audit WHERE event = 'installation.backed_up'"), '1');

		// The web server has not been told of anything.
		assert.equal(await isIn(server, browser), false);
		assert.equal((await userinfo(server, tokens.access_token)).status, 401);
		assert.equal((await introspect(server, server.clients.Web, tokens.access_token)).active, false);
		assert.equal((await refresh(server, server.clients.Web, tokens.refresh_token)).status, 400);
		assert.equal((await redeem(server, unused)).status, 400);
		assert.equal(await sqlValue(server, "SELECT count(*) FROM flows"), '0');
		await signIn();
		assert.equal((await userinfo(server, tokens.access_token)).json().email, ALICE.claims.email);
	});

	test('with --keep-sessions, under processes that stay (FastCGI): they notice', async (t) => {
		await begin();
		const service = start(path.join(ROOT, 'scripts/serve'), ['--port', String(server.port), '--fastcgi'], { env: server.environment, cwd: ROOT });
		t.after(async () => {
			await service.stop();
			await end();
		});
		await until('it answers', async () => service.over || (await request(server.url('login'))).status < 500);
		await signIn();
		await backup(server, file);
		const { Web } = server.clients;
		const later = (await refresh(server, Web, tokens.refresh_token)).json();
		await server.latchkey(['session', 'end', '--all']);
		assert.equal(await isIn(server, browser), false);
		await restore(server, file, ['--force', '--keep-sessions']);
		assert.ok(await isIn(server, browser), 'as it was');
		assert.equal((await userinfo(server, tokens.access_token)).status, 200);
		assert.equal((await userinfo(server, later.access_token)).status, 401, 'of after the backup');
		assert.equal((await refresh(server, Web, tokens.refresh_token)).status, 200);
	});

	test('a configuration that names its directory is fitted to the new place', async (t) => {
		await begin();
		t.after(end);
		await server.configure({ directory: server.directory });
		await backup(server, file);
		const copy = elsewhere(server, `${server.place}-moved`);
		const { stderr } = await restore(server, file, ['--directory', copy.directory]);
		assert.match(stderr, /named another directory/);
		await copy.addUser({ username: 'dave', password: 'a password that dave has here' });
		assert.equal(await sqlValue(server, "SELECT count(*) FROM users WHERE username = 'dave'"), '0');
		assert.equal(await sqlValue(copy, "SELECT count(*) FROM users WHERE username = 'dave'"), '1');
		// An empty folder is as good as none, and whoever is there already is not touched without --force.
		const empty = path.join(place, 'empty');
		await mkdir(empty);
		await restore(server, file, ['--directory', empty]);
		assert.match((await restore(server, file, ['--directory', empty], { fails: true })).stderr, /--force/);
	});

	test('a newer schema is refused, a damaged database too', async (t) => {
		await begin();
		t.after(end);
		const target = path.join(place, 'never-again');
		await sql(server, "PRAGMA foreign_keys = OFF; INSERT INTO user_claims VALUES ('nobody', 'email', '1')");
		await backup(server, file);
		const here = await listing(place);
		const result = await restore(server, file, ['--directory', target], { fails: true });
		assert.match(result.stderr, /user_claims.*Nothing was changed/);
		assert.deepEqual(await listing(place), here);
	});

	const kill = async (args, after) => {
		const child = spawn(CLI, args, { env: server.environment, stdio: 'ignore' });
		const ended = new Promise((resolve) => { child.on('close', (code, signal) => resolve(signal ?? code)); });
		const timer = setTimeout(() => child.kill('SIGKILL'), after);
		const how = await ended;
		clearTimeout(timer);
		return how;
	};

	test('killed at any moment: the old one or the new one, whole; a backup that was killed is none', { timeout: 180000 }, async (t) => {
		await begin();
		t.after(end);
		await backup(server, file);
		const begun = Date.now();
		await restore(server, file, ['--force']);
		const whole = Date.now() - begun;
		const names = async () => JSON.parse((await server.latchkey(['user', 'list', '--json'])).stdout).map((user) => user.username).join(' ');
		const seen = new Set();
		let kills = 0;
		for (let i = 0; i < 20; i++) {
			await server.addUser({ username: 'carol', password: 'one more password for carol' });
			kills += await kill(['restore', file, '--force', ...by()], whole * 1.3 * (i + 1) / 20) === 'SIGKILL';
			const now = await names();
			assert.ok(now === 'alice bob carol' || now === 'alice bob', now);
			seen.add(now);
			assert.deepEqual(await sql(server, 'PRAGMA integrity_check'), [['ok']]);
			if (now === 'alice bob carol')
				await sql(server, "DELETE FROM users WHERE username = 'carol'");
		}
		assert.ok(kills > 5, `${kills} kills`);
		assert.equal(seen.size, 2);
		await server.serve();
		await signIn();
		// Of a backup that is killed nothing stays but the one before.
		for (let i = 0; i < 8; i++) {
			await kill(['backup', file, ...by()], whole * (i + 1) / 8);
			await restore(server, file, ['--directory', path.join(place, `after-kill-${path.basename(server.directory)}-${i}`)]);
		}
		assert.deepEqual((await readdir(place)).filter((name) => name.startsWith(`${path.basename(file)}.`)), []);
	});
});
