// latchkey doctor: a sound installation is fine; each fault is named by its check, with advice that fits.
import assert from 'node:assert/strict';
import { chmod, chown, cp, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile, appendFile, open } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { certificate, startFront } from '../lib/front.mjs';
import { startSmtp } from '../lib/mail.mjs';
import { freePort, run, start } from '../lib/process.mjs';
import { install, ROOT, startServer } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const SOUND = { argon2_memory_kib: 19456, argon2_iterations: 2, login_limit_account: 20, login_limit_address: 100 };
const LATCHKEY = path.join(ROOT, 'build/bin/latchkey');

/** Runs it: { code, text, checks: { name: { result, sentence, advice } } }. `prefix`: what starts it. */
async function doctor(config, args = [], prefix = []) {
	const [command, ...words] = [...prefix, LATCHKEY, 'doctor', '--json', ...args];
	const { code, stdout, stderr } = await run(command, words, { env: { ...process.env, LATCHKEY_CONFIG: config } });
	assert.equal(stderr, '');
	const answer = JSON.parse(stdout);
	const checks = Object.fromEntries(answer.checks.map((check) => [check.name, check]));
	assert.equal(Object.keys(checks).length, answer.checks.length, 'every name once');
	const problems = answer.checks.filter((check) => check.result === 'problem');
	assert.equal(answer.problem, problems.length);
	assert.equal(code, problems.length > 0 ? 1 : 0);
	for (const check of answer.checks) {
		assert.match(check.sentence, /[.)]$/, check.name);
		assert.equal(check.advice !== undefined, ['advice', 'problem'].includes(check.result), check.name);
	}
	return { code, text: stdout, checks };
}

function expectFinding({ checks }, name, result, sentence, advice) {
	const found = checks[name];
	assert.equal(found.result, result, `${name}: ${found.sentence}`);
	assert.match(found.sentence, sentence, name);
	assert.match(found.advice, advice, name);
}

/** Nothing but what is named is wrong. */
function onlyThese({ checks }, ...names) {
	const wrong = Object.values(checks).filter((check) => ['problem', 'advice'].includes(check.result)).map((check) => check.name);
	assert.deepEqual(wrong.filter((name) => !names.includes(name)), [], JSON.stringify(wrong.map((name) => checks[name].sentence)));
}

let server;
before(async () => {
	server = await startServer({ settings: SOUND, clients: [{ client_name: 'app', redirect_uris: ['https://app.example/cb'] }] });
});
after(() => server?.stop());

/** A copy of the installation, that may be spoilt; served by nobody. */
async function withCopy(work) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
	try {
		for (const name of ['database', 'keys', 'well-known', 'latchkey.conf'])
			await cp(path.join(server.directory, name), path.join(folder, name), { recursive: true, preserveTimestamps: true });
		await run('/bin/sh', ['-c', 'mkdir -m 700 "$0/mail" "$0/mail/sent" && mkfifo -m 600 "$0/mail/wake" && chmod 755 "$0/well-known" && chmod 750 "$0"', folder]);
		const config = path.join(folder, 'latchkey.conf');
		const file = (name) => path.join(folder, name);
		const configure = (settings) => server.configure.call({ config }, settings);
		await configure({ log_file: file('latchkey.log') });
		const sql = async (text) => {
			const made = await run('sqlite3', [file('database/latchkey.db'), text]);
			assert.equal(made.code, 0, made.stderr);
		};
		const look = (...prefix) => doctor(config, ['--offline'], prefix);
		await work({ folder, config, file, configure, sql, look });
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

describe('a sound installation', () => {
	test('is all fine, and the answer holds no secret', async () => {
		const said = await doctor(server.config);
		assert.equal(said.code, 0);
		onlyThese(said, 'kernel.sandbox', 'clock.ntp');
		for (const check of Object.values(said.checks))
			assert.ok(check.result !== 'skipped' || /^tls\.|^clock\.ntp$|^kernel/.test(check.name), `${check.name}: ${check.sentence}`);
		assert.ok(Object.keys(said.checks).length > 40);
		for (const name of await readdir(path.join(server.directory, 'keys'), { recursive: true })) {
			const file = path.join(server.directory, 'keys', name);
			const bytes = await readFile(file).catch(() => null);
			if (bytes)
				for (const form of ['latin1', 'hex', 'base64', 'base64url'])
					assert.ok(!said.text.includes(bytes.toString(form).slice(0, 20)), name);
		}
		assert.ok(!said.text.includes(server.clients.app.client_secret));
	});

	test('is not changed by it', async () => {
		const dump = async () => (await run('sqlite3', [`file:${path.join(server.directory, 'database/latchkey.db')}?mode=ro`, '.dump'])).stdout;
		const earlier = await dump();
		await doctor(server.config);
		assert.equal(await dump(), earlier);
	});

	test('in words: one line a check, and with --quiet nothing at all', async () => {
		const words = await run(LATCHKEY, ['doctor', '--offline'], { env: server.environment });
		assert.match(words.stdout, /^ok +database\.integrity +The database is whole\.$/m);
		assert.match(words.stdout, /\nProblems: 0\. Advice: \d+\. Fine: \d+\. Left out: \d+\.\n$/);
		const quiet = await run(LATCHKEY, ['doctor', '--quiet'], { env: server.environment });
		assert.equal(quiet.stdout.split('\n').filter((line) => line && !/kernel\.sandbox|clock\.ntp|->|^Problems: 0\./.test(line)).join('\n'), '');
	});

	test('--offline asks nobody', async () => {
		const { checks } = await doctor(server.config, ['--offline']);
		for (const check of Object.values(checks))
			if (/^(web|tls)\.|^mail\.server$/.test(check.name))
				assert.equal(check.result, 'skipped', check.name);
	});
});

describe('the configuration', () => {
	test('a wrong line: the line is named, and what needs it is left out', () => withCopy(async ({ config, look }) => {
		await appendFile(config, 'no_such_key = 1\n');
		const said = await look();
		expectFinding(said, 'config.file', 'problem', /latchkey\.conf:\d+: unknown key "no_such_key"/, /latchkey\.conf\(5\)/);
		assert.equal(said.checks['database.opens'].result, 'skipped');
	}));

	test('no configuration', async () => {
		expectFinding(await doctor('/nonexistent/latchkey.conf'), 'config.file', 'problem', /cannot open/, /latchkey init/);
	});

	const settings = {
		'http at a public name': [{ issuer: 'http://id.example.org' }, 'config.issuer', 'problem', /not https/, /issuer = https:\/\/id\.example\.org/, ['keys.published', 'mail.settings', 'files.owners', 'disk.file_system']],
		'http at another machine\'s address': [{ issuer: 'http://192.0.2.1:8080' }, 'config.issuer', 'problem', /not https/, /issuer = https/, ['keys.published', 'mail.settings', 'files.owners', 'disk.file_system']],
		'a network of proxies': [{ trusted_proxies: '10.0.0.0/8' }, 'config.proxies', 'problem', /10\.0\.0\.0\/8/, /trusted_proxies/],
		'no limit': [{ login_limit_address: 0 }, 'config.limits', 'advice', /not limited/, /login_limit_address = 100/],
		'cheap hashes': [{ argon2_memory_kib: 1024 }, 'config.limits', 'advice', /less work/, /argon2_memory_kib = 19456/],
		'no list of breached passwords': [{ breached_passwords: '/nonexistent/list' }, 'config.breached_passwords', 'problem', /No such file/, /breached_passwords/],
		'another path, not published': [{ endpoint_path: '/oidc' }, 'keys.published', 'problem', /openid-configuration is stale/, /latchkey publish/],
		'no sendmail': [{ mail_sendmail: '/nonexistent/sendmail' }, 'mail.settings', 'problem', /cannot be run/, /mail_sendmail/],
		'a user without a password': [{ mail_smtp_url: 'smtp://localhost:25', mail_smtp_user: 'latchkey' }, 'mail.settings', 'problem', /no password/, /mail_smtp_password_file/],
		'an address with a name': [{ mail_from: 'Latchkey <a@example.org>' }, 'mail.settings', 'problem', /no plain address/, /mail_from/],
		'a log in a folder that is not there': [{ log_file: '/nonexistent/latchkey.log' }, 'files.log', 'problem', /cannot be written/, /install -d/],
	};
	for (const [title, [change, name, result, sentence, advice, also = []]] of Object.entries(settings)) {
		test(title, () => withCopy(async ({ configure, look }) => {
			await configure(change);
			const said = await look();
			expectFinding(said, name, result, sentence, advice);
			onlyThese(said, name, 'mail.deliver', 'kernel.sandbox', 'clock.ntp', ...also);
		}));
	}
});

describe('files', () => {
	test('a key that others can read', () => withCopy(async ({ file, look }) => {
		await chmod(file('keys/clients.key'), 0o644);
		const said = await look();
		expectFinding(said, 'files.modes', 'problem', /clients\.key has mode 0644/, /chmod go-rwx .*clients\.key/);
		expectFinding(said, 'keys.files', 'problem', /clients\.key/, /chmod 600/);
	}));

	test('a database that others can read', () => withCopy(async ({ file, look }) => {
		await chmod(file('database/latchkey.db'), 0o640);
		const said = await look();
		expectFinding(said, 'files.modes', 'problem', /latchkey\.db has mode 0640/, /chmod go-rwx/);
		expectFinding(said, 'database.opens', 'problem', /open to other users/, /.+/);
		assert.equal(said.checks['database.integrity'].result, 'skipped');
	}));

	test('well-known files that others can write', () => withCopy(async ({ file, look }) => {
		await chmod(file('well-known/jwks.json'), 0o666);
		expectFinding(await look(), 'files.modes', 'problem', /others can change what clients believe/, /chmod go-w .*jwks\.json/);
	}));

	test('a file of another user', { skip: process.getuid() !== 0 && 'needs root' }, () => withCopy(async ({ file, folder, look }) => {
		await chown(file('keys/refresh.key'), 12345, 12345);
		expectFinding(await look(), 'files.owners', 'problem', /refresh\.key belongs to user 12345/, new RegExp(`chown -R 0:0 ${folder}`));
	}));

	test('a log that another user wrote: the endpoints run as somebody else', { skip: process.getuid() !== 0 && 'needs root' }, () => withCopy(async ({ file, look }) => {
		await writeFile(file('latchkey.log'), '', { mode: 0o600 });
		await chown(file('latchkey.log'), 12345, 12345);
		expectFinding(await look(), 'files.log', 'problem', /run as another user/, /chown/);
	}));

	test('a missing folder, and one that is a link', () => withCopy(async ({ file, look }) => {
		await rm(file('mail/sent'), { recursive: true });
		expectFinding(await look(), 'config.folders', 'problem', /mail\/sent: No such file/, /latchkey init --directory/);
		await rename(file('keys'), file('elsewhere'));
		await symlink(file('elsewhere'), file('keys'));
		expectFinding(await look(), 'config.folders', 'problem', /keys is no folder/, /folder of its own/);
	}));

	for (const [title, commands, sentence, advice] of [
		['a full disk', 'mount -t tmpfs -o size=8m none "$1"', /The disk is full but for \d MiB/, /df -h/],
		['a disk that is read-only', 'mount -t tmpfs none "$1"', /read-only/, /remount,rw/],
	]) {
		test(title, async (t) => {
			const possible = process.getuid() === 0 && (await run('unshare', ['-m', '/bin/sh', '-c', 'mount -t tmpfs none /mnt'])).code === 0;
			if (!possible)
				return t.skip('needs to mount');
			await withCopy(async ({ folder, look }) => {
				const then = title.includes('read-only') ? 'mount -o remount,ro "$1"; ' : '';
				const said = await look('unshare', '-m', '/bin/sh', '-c',
					`cp -a "$1" "$1.whole"; ${commands}; cp -a "$1.whole/." "$1"; rm -rf "$1.whole"; ${then}shift; exec "$@"`, 'sh', folder);
				expectFinding(said, 'disk.space', 'problem', sentence, advice);
			});
		});
	}
});

describe('the database', () => {
	test('missing', () => withCopy(async ({ file, look }) => {
		await rm(file('database/latchkey.db'));
		expectFinding(await look(), 'database.opens', 'problem', /is missing/, /latchkey init/);
	}));

	test('of another version', () => withCopy(async ({ sql, look }) => {
		await sql('PRAGMA user_version = 99');
		expectFinding(await look(), 'database.opens', 'problem', /schema version 99/, /latchkey upgrade/);
	}));

	test('damaged', () => withCopy(async ({ file, sql, look }) => {
		await sql("INSERT INTO outbox (kind, created_at, attempts, due_at) SELECT hex(randomblob(900)), unixepoch(), 0, unixepoch() FROM clients, users, users; PRAGMA wal_checkpoint(TRUNCATE)");
		const database = await open(file('database/latchkey.db'), 'r+');
		const { size } = await database.stat();
		for (let at = 4096 * 3; at < size; at += 4096)
			await database.write(Buffer.alloc(64, 0x5a), 0, 64, at);
		await database.close();
		const said = await look();
		assert.ok(['database.integrity', 'database.opens'].some((name) => said.checks[name].result === 'problem'));
		assert.match(said.checks['database.integrity'].sentence, /damaged|malformed|failed/);
		assert.match(said.checks['database.integrity'].advice, /backup/);
	}));

	test('with a row that points to nothing', () => withCopy(async ({ sql, look }) => {
		await sql("PRAGMA foreign_keys = OFF; DELETE FROM users WHERE username = 'alice'");
		expectFinding(await look(), 'database.references', 'problem', /rows point to rows that are gone/, /backup/);
	}));

	test('not in WAL mode', () => withCopy(async ({ sql, look }) => {
		await sql('PRAGMA journal_mode = DELETE');
		expectFinding(await look(), 'database.wal', 'problem', /not in WAL mode/, /journal_mode = WAL/);
	}));

	test('gc that does not run', () => withCopy(async ({ sql, look }) => {
		await sql('UPDATE audit SET at = at - 200000');
		expectFinding(await look(), 'gc.age', 'advice', /has not run for \d+ hours/, /latchkey gc/);
		await sql('UPDATE audit SET at = at - 4000000');
		expectFinding(await look(), 'gc.age', 'problem', /has not run for \d+ days/, /latchkey-gc\.timer/);
	}));

	test('a clock that went back', () => withCopy(async ({ sql, look }) => {
		await sql('UPDATE audit SET at = at + 7200 WHERE audit_id = (SELECT max(audit_id) FROM audit)');
		expectFinding(await look(), 'clock.records', 'problem', /1(19|20) minutes in the future/, /timedatectl/);
	}));

	test('a log of writes that is never emptied', () => withCopy(async ({ sql, look, file }) => {
		const reader = start('sqlite3', [file('database/latchkey.db')], { stdio: ['pipe', 'pipe', 'pipe'] });
		try {
			reader.child.stdin.write('PRAGMA wal_autocheckpoint = 0; BEGIN; SELECT count(*) FROM users;\n');
			await until('the reader has begun', () => /^\d+\n\d+$/m.test(reader.output()));
			await sql("PRAGMA wal_autocheckpoint = 0; CREATE TABLE filler (bytes); INSERT INTO filler SELECT zeroblob(1000000) FROM generate_series(1, 20)");
			expectFinding(await look(), 'database.wal', 'advice', /has \d\d MiB/, /fuser/);
		} finally {
			reader.child.stdin.end();
			await reader.ended;
		}
	}));

	test('an audit log that was changed', () => withCopy(async ({ config, sql, look }) => {
		assert.equal((await run(LATCHKEY, ['gc'], { env: { ...process.env, LATCHKEY_CONFIG: config } })).code, 0);
		assert.equal((await look()).checks['audit.chain'].result, 'ok');
		await sql("UPDATE audit SET event = 'user.disabled' WHERE audit_id = (SELECT min(audit_id) FROM audit)");
		expectFinding(await look(), 'audit.chain', 'problem', /was changed: of its seals 1 do not fit/, /audit --verify/);
	}));

	test('mails that nobody sends, and mails that cannot be sent', () => withCopy(async ({ sql, look }) => {
		await sql("INSERT INTO outbox (kind, created_at, attempts, due_at) VALUES ('mail.deletion', unixepoch() - 7200, 1, unixepoch() + 600)");
		expectFinding(await look(), 'mail.outbox', 'advice', /could not be sent/, /mail\.failed/);
		await sql("INSERT INTO outbox (kind, created_at, attempts, due_at) VALUES ('mail.deletion', unixepoch() - 7200, 0, unixepoch() - 7200)");
		expectFinding(await look(), 'mail.outbox', 'problem', /nobody tried/, /latchkey-deliver/);
	}));

	test('no deliver', () => withCopy(async ({ file, look }) => {
		expectFinding(await look(), 'mail.deliver', 'advice', /No deliver is watching/, /latchkey-deliver/);
		await rm(file('mail/wake'));
		expectFinding(await look(), 'mail.deliver', 'problem', /no FIFO/, /latchkey init/);
	}));
});

describe('keys', () => {
	test('a missing one', () => withCopy(async ({ file, look }) => {
		await rm(file('keys/refresh.key'));
		expectFinding(await look(), 'keys.files', 'problem', /refresh\.key/, /backup/);
	}));

	test('the private half of the one that signs', () => withCopy(async ({ file, look }) => {
		for (const name of await readdir(file('keys/signing')))
			await rm(file(`keys/signing/${name}`));
		const said = await look();
		expectFinding(said, 'keys.signing', 'problem', /cannot be used/, /key rotate --alg RS256 --now/);
		expectFinding(said, 'keys.next', 'problem', /cannot be used/, /key rotate/);
	}));

	test('an algorithm that a client needs and no key has', () => withCopy(async ({ sql, look }) => {
		await sql("UPDATE clients SET id_token_signed_response_alg = 'ES256'");
		expectFinding(await look(), 'keys.signing', 'problem', /No key signs with ES256/, /key rotate --alg ES256/);
	}));

	test('no next one', () => withCopy(async ({ sql, config, look }) => {
		await sql("DELETE FROM signing_keys WHERE state = 'next'");
		await run(LATCHKEY, ['publish'], { env: { ...process.env, LATCHKEY_CONFIG: config } });
		expectFinding(await look(), 'keys.next', 'advice', /no next key for RS256/, /latchkey gc/);
	}));

	test('a stale jwks', () => withCopy(async ({ file, look }) => {
		await writeFile(file('well-known/jwks.json'), '{"keys":[]}');
		expectFinding(await look(), 'keys.published', 'problem', /jwks\.json is stale/, /latchkey publish/);
		await rm(file('well-known/jwks.json'));
		expectFinding(await look(), 'keys.published', 'problem', /cannot be read/, /latchkey publish/);
	}));
});

describe('the mail server', () => {
	const look = (config) => doctor(config).then(({ checks }) => checks['mail.server']);

	test('takes the connection and the password, and gets no mail', () => withCopy(async ({ config, configure, file }) => {
		const smtp = await startSmtp({ user: 'latchkey', password: 'a secret of this test' });
		try {
			await writeFile(file('smtp-password'), 'a secret of this test\n', { mode: 0o600 });
			await configure({ mail_smtp_url: smtp.url, mail_smtp_user: 'latchkey', mail_smtp_password_file: file('smtp-password') });
			const good = await look(config);
			assert.equal(good.result, 'ok', good.sentence);
			assert.match(good.sentence, /and the password; nothing was sent/);
			assert.equal(smtp.tries(), 0);
			await writeFile(file('smtp-password'), 'another one of this test\n');
			const said = await doctor(config);
			expectFinding(said, 'mail.server', 'problem', /Login denied/, /mail_smtp_password_file/);
			assert.ok(!said.text.includes('one of this test'));
		} finally {
			await smtp.stop();
		}
	}));

	test('is not there', () => withCopy(async ({ config, configure }) => {
		await configure({ mail_smtp_url: `smtp://localhost:${await freePort()}` });
		expectFinding(await doctor(config), 'mail.server', 'problem', /connect/, /mail_smtp_url/);
	}));
});

describe('the web server', () => {
	test('is not where the issuer says', () => withCopy(async ({ config, configure }) => {
		await configure({ issuer: `http://localhost:${await freePort()}` });
		const said = await doctor(config);
		expectFinding(said, 'web.reach', 'problem', /cannot be reached/, /port of `issuer`/);
		assert.equal(said.checks['web.endpoints'].result, 'skipped');
	}));

	test('serves the discovery document of another issuer', () => withCopy(async ({ config, configure }) => {
		await configure({ issuer: `http://127.0.0.1:${server.port}` });
		const said = await doctor(config);
		expectFinding(said, 'web.issuer', 'problem', /names http:\/\/localhost:\d+, not http:\/\/127\.0\.0\.1/, /latchkey publish/);
	}));

	test('is another program', () => withCopy(async ({ config, configure }) => {
		const port = await freePort();
		const other = http.createServer((message, response) => response.end('hello')).listen(port, 'localhost');
		try {
			await configure({ issuer: `http://localhost:${port}` });
			expectFinding(await doctor(config), 'web.reach', 'problem', /no discovery document/, /port of `issuer`/);
		} finally {
			other.close();
		}
	}));
});

describe('behind a proxy that', () => {
	let placed, front;
	before(async () => {
		const port = await freePort();
		placed = await install({ issuer: `http://localhost:${port}`, settings: SOUND, users: [] });
		front = await startFront({ port, to: placed.port });
		await placed.serve();
	});
	after(async () => {
		await front?.stop();
		await placed?.stop();
	});

	const isEndpoint = (asked) => asked.url.startsWith('/cgi-bin/');
	const isFile = (asked) => asked.url.startsWith('/.well-known/');
	const without = (name, where) => ({ answer: (answer, asked) => where(asked) && delete answer.headers[name] });
	const twists = {
		'drops Authorization': [{ request: (options) => { delete options.headers.authorization; } },
			'web.authorization', /does not reach the endpoints/, /CGIPassAuth On/],
		'drops WWW-Authenticate': [without('www-authenticate', isEndpoint), 'web.authorization', /WWW-Authenticate gets lost/, /pass the header/],
		'drops bodies': [{ request: (options) => { options.headers['content-length'] = '0'; return Buffer.alloc(0); } },
			'web.body', /body of a POST does not reach/, /CONTENT_LENGTH/, ['web.authorization', 'web.endpoints']],
		'rewrites Location': [{ answer: (answer) => { if (answer.headers.location) answer.headers.location = '/cgi-bin/logout'; } },
			'web.redirect', /arrives as "\/cgi-bin\/logout"/, /proxy_redirect off/],
		'makes every redirect a 302': [{ answer: (answer) => { if (answer.status === 303) answer.status = 302; } }, 'web.redirect', /arrives as 302/, /Status:/],
		'adds no CORS header': [without('access-control-allow-origin', isFile), 'web.cors', /browsers cannot sign in/, /Access-Control-Allow-Origin: \*/],
		'takes the policy off the pages': [without('content-security-policy', isEndpoint), 'web.headers', /frames/, /Content-Security-Policy/],
		'takes the policy off the account page': [without('content-security-policy', (asked) => asked.url.startsWith('/account')), 'web.account', /without its Content-Security-Policy/, /servers/],
		'caches answers': [{ answer: (answer, asked) => { if (isEndpoint(asked)) answer.headers['cache-control'] = 'max-age=60'; } }, 'web.headers', /no-store/, /expires/],
		'has no cache header for the files': [without('cache-control', isFile), 'web.well_known', /no Cache-Control/, /max-age=3600/],
		'gives the files another type': [{ answer: (answer, asked) => { if (isFile(asked)) answer.headers['content-type'] = 'text/plain'; } }, 'web.well_known', /type "text\/plain"/, /application\/json/],
		'keeps an old jwks': [{ own: (asked) => asked.url === '/.well-known/jwks.json' && { headers: { 'content-type': 'application/json', 'access-control-allow-origin': '*', 'cache-control': 'max-age=1' }, body: '{"keys":[]}' } },
			'web.well_known', /is not what well-known\/jwks\.json says/, /cache/],
		'refuses HEAD': [{ own: (asked) => asked.method === 'HEAD' && { status: 405 } }, 'web.head', /405/, /HEAD/],
		'answers everything with a page': [{ answer: (answer) => { if (answer.status === 404) Object.assign(answer, { status: 200, body: Buffer.from('<h1>Welcome to this site</h1>') }); } },
			'web.unknown', /answers 200/, /404/],
		'has a wrong clock': [{ answer: (answer) => { answer.headers.date = new Date(Date.now() - 600000).toUTCString(); } }, 'clock.date', /-(599|60\d) s off/, /timedatectl/],
		'fails': [{ own: (asked) => isEndpoint(asked) && { status: 502 } }, 'web.endpoints', /fails with 502/, /LATCHKEY_CONFIG/, ['web.authorization', 'web.unknown', 'web.head']],
		'does not find the endpoints': [{ own: (asked) => isEndpoint(asked) && { status: 404 } }, 'web.endpoints', /not found/, /endpoint_path/,
			['web.authorization', 'web.body', 'web.head', 'web.headers', 'web.redirect']],
		'shows the programs': [{ own: (asked) => asked.url === '/cgi-bin/token' && { body: '\x7fELF and so on' } }, 'web.endpoints', /program itself/, /ExecCGI/,
			['web.authorization', 'web.body', 'web.headers', 'web.source']],
		'shows the sources': [{ own: (asked) => asked.url.endsWith('token.c') && { body: '#include "lib/x.h"' } }, 'web.source', /token\.c can be read/, /htdocs/],
		'shows a repository': [{ own: (asked) => asked.url === '/.git/HEAD' && { body: 'ref: refs/heads/main\n' } }, 'web.source', /\.git\/HEAD can be read/, /begins with a dot/],
		'lists folders': [{ own: (asked) => asked.url === '/cgi-bin/' && { body: '<title>Index of /cgi-bin/</title>' } }, 'web.source', /lists its folder/, /autoindex off/],
	};
	for (const [title, [twist, name, sentence, advice, also = []]] of Object.entries(twists)) {
		test(title, async () => {
			front.twist = twist;
			try {
				const said = await doctor(placed.config);
				expectFinding(said, name, said.checks[name].result === 'advice' ? 'advice' : 'problem', sentence, advice);
				onlyThese(said, name, 'kernel.sandbox', 'clock.ntp', ...also);
			} finally {
				front.twist = {};
			}
		});
	}

	test('serves the installation\'s folder, however it climbs there', async () => {
		const bytes = await readFile(path.join(placed.directory, 'keys/credentials.key'));
		for (const url of ['/keys/credentials.key', '/../keys/credentials.key', '/%2e%2e/keys/credentials.key', `/${path.basename(placed.directory)}/keys/credentials.key`]) {
			front.twist = { own: (asked) => asked.url === url && { body: bytes } };
			const said = await doctor(placed.config);
			front.twist = {};
			expectFinding(said, 'web.secrets', 'problem', /credentials\.key can be read by everybody/, /at once/);
		}
	});

	test('is fine else', async () => onlyThese(await doctor(placed.config), 'kernel.sandbox', 'clock.ntp'));
});

const MODULES = '/usr/lib/apache2/modules';
const APACHE = ['/usr/sbin/apache2', '/usr/sbin/httpd'].find(existsSync);

describe('a real Apache', { skip: (!APACHE || !existsSync(MODULES)) && 'needs apache2' }, () => {
	test('without CGIPassAuth, and with the installation below its DocumentRoot', async () => {
		const broken = await install({ settings: SOUND, users: [] });
		const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-apache-'));
		const root = process.getuid() === 0;
		const file = path.join(folder, 'apache.conf');
		const load = (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`;
		await chmod(folder, 0o755);
		await broken.latchkey(['publish']);
		// As root the programs run as www-data, so everything is given to them.
		await cp(path.join(ROOT, 'build/cgi-bin'), path.join(folder, 'cgi-bin'), { recursive: true });
		await cp(path.join(ROOT, 'htdocs'), path.join(folder, 'htdocs'), { recursive: true });
		if (root)
			await run('chown', ['-R', 'www-data:', broken.directory, folder]);
		await writeFile(file, `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ServerName localhost
Listen 127.0.0.1:${broken.port}
${['mpm_prefork', 'authz_core', 'alias', 'dir', 'mime', 'env', 'cgi'].map(load).join('\n')}
TypesConfig /etc/mime.types
ErrorLog ${folder}/error.log
Mutex default:${folder}
User ${root ? 'www-data' : `#${process.getuid()}`}
Group ${root ? 'www-data' : `#${process.getgid()}`}
DocumentRoot ${folder}/htdocs
DirectoryIndex index.html
SetEnv LATCHKEY_CONFIG ${broken.config}
ScriptAlias /cgi-bin/ ${folder}/cgi-bin/
Alias /.well-known/ ${broken.directory}/well-known/
Alias /${path.basename(broken.directory)} ${broken.directory}
`);
		// In a session of its own: at SIGTERM the prefork server ends its whole process group.
		const apache = start('/usr/bin/setsid', [APACHE, '-d', folder, '-f', file, '-DFOREGROUND']);
		try {
			await until('Apache answers', async () => !apache.over && (await doctor(broken.config)).checks['web.reach'].result === 'ok');
			const said = await doctor(broken.config);
			expectFinding(said, 'web.authorization', 'problem', /does not reach the endpoints/, /CGIPassAuth On/);
			expectFinding(said, 'web.secrets', 'problem', /\/database\/latchkey\.db can be read by everybody/, /installation's folder/);
			expectFinding(said, 'web.cors', 'problem', /Access-Control-Allow-Origin/, /servers/);
			expectFinding(said, 'web.account', 'problem', /without its Content-Security-Policy/, /account/);
			assert.equal(said.checks['web.endpoints'].result, 'ok', said.checks['web.endpoints'].sentence);
			assert.equal(said.checks['web.body'].result, 'ok');
			if (root) {
				// Now the endpoints cannot open what they need.
				await run('chown', ['-R', '0:0', path.join(broken.directory, 'database')]);
				expectFinding(await doctor(broken.config), 'web.endpoints', 'problem', /fails with 500/, /run as a user who cannot open/);
			}
		} finally {
			await apache.stop();
			await broken.stop({ errors: true });
			await rm(folder, { recursive: true, force: true });
		}
	});
});

describe('TLS', () => {
	let folder, placed, front, good;
	before(async () => {
		folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
		good = await certificate(folder);
		const port = await freePort();
		placed = await install({ issuer: `https://localhost:${port}`, settings: SOUND, users: [] });
		placed.ca = good.cert;
		front = await startFront({ port, to: placed.port, tls: good });
		await placed.serve();
	});
	after(async () => {
		await front?.stop();
		await placed?.stop();
		await rm(folder, { recursive: true, force: true });
	});

	test('with a certificate that is known: fine but for HSTS', async () => {
		const said = await doctor(placed.config, ['--ca-file', good.certFile]);
		expectFinding(said, 'tls.hsts', 'advice', /no Strict-Transport-Security/, /max-age=31536000/);
		onlyThese(said, 'tls.hsts', 'kernel.sandbox', 'clock.ntp');
		assert.match(said.checks['tls.expiry'].sentence, /good for (59|60) days/);
		front.twist = { answer: (answer) => { answer.headers['strict-transport-security'] = 'max-age=31536000'; } };
		onlyThese(await doctor(placed.config, ['--ca-file', good.certFile]), 'kernel.sandbox', 'clock.ntp');
		front.twist = {};
	});

	test('with one that nobody vouches for: told, and the rest is looked at all the same', async () => {
		const said = await doctor(placed.config);
		expectFinding(said, 'tls.certificate', 'problem', /refused: SSL certificate problem/, /certbot/);
		assert.equal(said.checks['web.endpoints'].result, 'ok');
		assert.equal(said.checks['web.authorization'].result, 'ok');
	});

	for (const [title, options, name, result, sentence] of [
		['for another host', { name: 'other.example' }, 'tls.certificate', 'problem', /refused: .*(name|host)/i],
		['that ends soon', { days: 10 }, 'tls.expiry', 'advice', /expires in (9|10) days/],
		['that ends tomorrow', { days: 1 }, 'tls.expiry', 'problem', /expires in [01] days/],
	]) {
		test(`with a certificate ${title}`, async () => {
			const own = await mkdtemp(path.join(folder, 'own-'));
			const made = await certificate(own, options);
			front.certificate(made);
			try {
				expectFinding(await doctor(placed.config, ['--ca-file', made.certFile]), name, result, sentence, /cert/);
			} finally {
				front.certificate(good);
			}
		});
	}

	test('--connect: before the DNS record is there', async () => {
		await writeFile(path.join(folder, 'latchkey.conf'), `issuer = https://id.nowhere.example\ndirectory = ${placed.directory}\n`);
		expectFinding(await doctor(path.join(folder, 'latchkey.conf')), 'web.reach', 'problem', /resolve/i, /DNS record/);
		const said = await doctor(path.join(folder, 'latchkey.conf'), ['--connect', `localhost:${new URL(placed.issuer).port}`]);
		assert.equal(said.checks['web.reach'].result, 'ok', said.checks['web.reach'].sentence);
		assert.equal(said.checks['web.issuer'].result, 'problem');
	});
});
