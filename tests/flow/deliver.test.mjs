// Outgoing mail: what deliver sends, to whom, how often, and what it never does.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { deliver, mails, startSmtp, waitForMail } from '../lib/mail.mjs';
import { run, start } from '../lib/process.mjs';
import { ALICE, BOB, ROOT, install, startServer } from '../lib/server.mjs';
import { sql } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const quote = (text) => (text === null || text === undefined ? 'NULL' : `'${String(text).replaceAll("'", "''")}'`);
const now = () => Math.floor(Date.now() / 1000);

/** Puts a row into the outbox, as an endpoint does. */
async function post(server, kind, username, { client_id, sid, detail, at = now() } = {}) {
	await sql(server, `INSERT INTO outbox (kind, user_id, client_id, sid, detail, created_at, attempts, due_at)
		VALUES (${quote(kind)}, (SELECT user_id FROM users WHERE username = ${quote(username)}), ${quote(client_id)}, ${quote(sid)},
		${quote(detail)}, ${at}, 0, ${at})`);
}

const column = async (server, text) => (await sql(server, text)).map((row) => row[0]);
const count = async (server, table) => Number((await column(server, `SELECT count(*) FROM ${table}`))[0]);
const hash = (token) => createHash('sha256').update(token).digest('hex');
const links = async (server) => (await sql(server, 'SELECT hex(link_hash), kind, detail, expires_at - created_at FROM links'))
	.map(([hex, kind, detail, seconds]) => ({ hash: hex.toLowerCase(), kind, detail, seconds: Number(seconds) }));
const wake = (server) => writeFile(path.join(server.directory, 'mail/wake'), 'w');

describe('deliver writes to the folder where no way out is configured', () => {
	let server;
	before(async () => {
		server = await install({ settings: { log_level: 'info' } });
	});
	after(() => server.stop());

	test('a link to reset the password goes to a proven address, and its secret is nowhere else', async () => {
		await post(server, 'mail.reset_password', 'alice');
		const said = await deliver(server);
		assert.equal(said.sent, 1);
		const [mail] = await mails(server);
		assert.equal(mail.to, '<alice@example.org>');
		assert.equal(mail.from, 'Latchkey <noreply@localhost>');
		assert.equal(mail.subject, 'Choose a new password for Latchkey');
		assert.equal(mail.headers['auto-submitted'], 'auto-generated');
		assert.match(mail.headers['message-id'], /^<[0-9a-f]{32}@localhost>$/);
		assert.ok(Math.abs(Date.parse(mail.headers.date) - Date.now()) < 60000);
		assert.match(mail.link, new RegExp(`^${server.issuer}/cgi-bin/reset\\?token=[\\w-]{43}$`));
		assert.ok(mail.html.includes(`href="${mail.link}"`));
		assert.match(mail.text, /30 minutes/);
		const token = new URL(mail.link).searchParams.get('token');
		const [link] = await links(server);
		assert.deepEqual([link.hash, link.kind, link.seconds], [hash(token), 'reset_password', 1800]);
		assert.equal((await stat(mail.file)).mode & 0o777, 0o600);
		for (const file of ['latchkey.log', 'database/latchkey.db', 'database/latchkey.db-wal']) {
			const bytes = await readFile(path.join(server.directory, file)).catch(() => Buffer.alloc(0));
			assert.ok(!bytes.includes(token), file);
		}
		assert.equal(await count(server, 'outbox'), 0);
		assert.deepEqual((await readdir(path.join(server.directory, 'mail/sent'))).filter((name) => name.startsWith('.')), []);
	});

	test('a second link ends the first', async () => {
		const [first] = await links(server);
		await post(server, 'mail.reset_password', 'alice');
		await deliver(server);
		const kept = await links(server);
		assert.equal(kept.length, 1);
		assert.notEqual(kept[0].hash, first.hash);
	});

	test('no link goes to an address that nobody proved, or to nobody', async () => {
		const before = (await mails(server)).length;
		await post(server, 'mail.reset_password', 'bob');
		await post(server, 'mail.password_changed', 'nobody');
		await post(server, 'mail.unheard_of', 'alice');
		const said = await deliver(server);
		assert.deepEqual([said.sent, said.dropped], [0, 3]);
		assert.equal((await mails(server)).length, before);
		assert.equal(await count(server, 'outbox'), 0);
	});

	test('an address that waits gets its own link', async () => {
		await sql(server, `INSERT INTO email_changes SELECT user_id, 'new@example.net', ${now()} FROM users WHERE username = 'alice'`);
		await post(server, 'mail.verify_email', 'alice');
		await deliver(server);
		const mail = await waitForMail(server, 'new@example.net', 'verify_email');
		assert.match(mail.link, /\/cgi-bin\/verify_email\?token=[\w-]{43}$/);
		const link = (await links(server)).find((one) => one.kind === 'verify_email');
		assert.deepEqual([link.detail, link.seconds], ['new@example.net', 86400]);
	});

	test('a sign-in from a new device tells where, and how to end it', async () => {
		await sql(server, `INSERT INTO sessions (session_hash, sid, user_id, created_at, auth_time, amr, acr, last_seen_at, idle_seconds, expires_at, address, user_agent)
			SELECT randomblob(32), 'sid-1', user_id, 1790000000, 1790000000, 'pwd', 'aal1', ${now()}, 3600, ${now() + 3600}, '192.0.2.7',
			'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' FROM users WHERE username = 'alice'`);
		await post(server, 'mail.new_device', 'alice', { sid: 'sid-1' });
		await deliver(server);
		const mail = await waitForMail(server, 'alice@example.org', 'new_device');
		assert.match(mail.text, /Firefox on Linux/);
		assert.match(mail.text, /192\.0\.2\.7/);
		assert.match(mail.text, /21 September 2026, 14:13 UTC/);
		assert.match(mail.link, /\/cgi-bin\/not_me\?token=/);
		assert.equal((await links(server)).find((one) => one.kind === 'not_me').detail, 'sid-1');
	});

	test('every notice has a mail of its own, complete in both forms', async () => {
		await sql(server, "UPDATE users SET deletion_at = 1800000000 WHERE username = 'alice'");
		const client = await server.addClient({ client_name: 'Zeit & <b>Raum</b> "ö"', redirect_uris: ['https://app.example/cb'] });
		const kinds = {
			'mail.password_changed': {}, 'mail.factor_added': { detail: 'totp' }, 'mail.factor_removed': { detail: 'passkey' },
			'mail.email_changed': { detail: 'old@example.org' }, 'mail.deletion': {},
			'alert.refresh_reuse': { client_id: client.client_id },
		};
		for (const [kind, more] of Object.entries(kinds))
			await post(server, kind, 'alice', more);
		assert.equal((await deliver(server)).sent, 6);
		const all = new Map((await mails(server)).map((mail) => [mail.kind, mail]));
		for (const kind of Object.keys(kinds)) {
			const mail = all.get(kind.split('.')[1]);
			assert.ok(mail, kind);
			assert.match(mail.text, /^Hello alice,\n\n/);
			assert.doesNotMatch(mail.raw, /\{\{|\}\}/);
			assert.ok(mail.text.length > 150 && mail.html.length > 300, kind);
		}
		assert.equal(all.get('email_changed').to, '<old@example.org>');
		assert.match(all.get('factor_added').text, /An authenticator app was added/);
		assert.match(all.get('deletion').text, /15 January 2027/);
		const alert = all.get('refresh_reuse');
		assert.ok(alert.text.includes('Zeit & <b>Raum</b> "ö"'));
		assert.ok(alert.html.includes('Zeit &amp; &lt;b&gt;Raum&lt;/b&gt; &quot;ö&quot;'));
		assert.match(alert.headers['content-type'], /^multipart\/alternative/);
	});

	test('a hostile address or name neither adds a header nor a recipient', async () => {
		const before = (await mails(server)).length;
		const hostile = ['eve@example.org\r\nBcc: all@example.org', 'eve@example.org, all@example.org', '<eve@example.org>', 'eve@example.org>',
			'"a b"@example.org', '-oQ/tmp@example.org', 'eve', 'eve@', '@example.org', 'a@b@c', 'évé@example.org', `${'a'.repeat(65)}@example.org`];
		for (const address of hostile) {
			await sql(server, `UPDATE user_claims SET value = ${quote(JSON.stringify(address))}
				WHERE name = 'email' AND user_id = (SELECT user_id FROM users WHERE username = 'bob')`);
			await post(server, 'mail.password_changed', 'bob');
			await post(server, 'mail.email_changed', 'alice', { detail: address });
			assert.deepEqual((({ sent, dropped }) => ({ sent, dropped }))(await deliver(server)), { sent: 0, dropped: 2 }, address);
		}
		assert.equal((await mails(server)).length, before);
		await server.configure({ site_name: 'Täst, "Inc" <x@y>: and a name that is long enough' });
		await post(server, 'mail.password_changed', 'alice');
		await deliver(server);
		const mail = (await mails(server)).at(-1);
		assert.equal(mail.from, 'Täst, "Inc" <x@y>: and a name that is long enough <noreply@localhost>');
		assert.equal(mail.subject, 'Your password for Täst, "Inc" <x@y>: and a name that is long enough was changed');
		for (const line of mail.raw.split('\r\n'))
			assert.ok(line.length <= 998 && /^[\x20-\x7e\t]*$/.test(line), line);
		assert.deepEqual(Object.keys(mail.headers).sort(), ['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to']);
		await server.configure({ site_name: 'Latchkey' });
	});

	test('mail_sendmail gets the mail on its standard input, without a shell', async () => {
		const program = path.join(server.directory, 'send mail; x');
		const out = path.join(server.directory, 'taken');
		await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${out}.args'\ncat > '${out}'\n`);
		await chmod(program, 0o755);
		await server.configure({ mail_sendmail: program });
		await post(server, 'mail.password_changed', 'alice');
		assert.equal((await deliver(server)).sent, 1);
		assert.equal(await readFile(`${out}.args`, 'utf8'), '-t\n-i\n');
		const taken = await readFile(out, 'utf8');
		assert.match(taken, /^To: <alice@example\.org>$/m);
		assert.doesNotMatch(taken, /\r/);
		await writeFile(program, '#!/bin/sh\nexit 75\n');
		await post(server, 'mail.password_changed', 'alice');
		assert.equal((await deliver(server)).retried, 1);
		assert.match((await server.log()).at(-1).text, /mail_sendmail ended with 75/);
	});
});

describe('deliver sends by SMTP', () => {
	let server, folder;
	before(async () => {
		server = await install({ settings: { log_level: 'info' } });
		folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
		await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-addext', 'subjectAltName=DNS:localhost', '-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem')]);
	});
	after(async () => {
		await server.stop();
		await rm(folder, { recursive: true, force: true });
	});

	async function withSmtp(options, body) {
		const smtp = await startSmtp({ certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem'), ...options });
		try {
			await sql(server, 'DELETE FROM outbox');
			await server.configure({ mail_smtp_url: smtp.url });
			await body(smtp);
		} finally {
			await smtp.stop();
		}
	}

	test('a mail arrives whole', () => withSmtp({}, async (smtp) => {
		await post(server, 'mail.reset_password', 'alice');
		assert.equal((await deliver(server)).sent, 1);
		const [mail] = await until('the mail', () => smtp.messages().length > 0 && smtp.messages());
		assert.deepEqual([mail.envelope.sender, mail.envelope.recipients], ['noreply@localhost', ['alice@example.org']]);
		assert.match(mail.link, /reset\?token=[\w-]{43}$/);
		assert.deepEqual((await links(server)).map((link) => link.hash), [hash(new URL(mail.link).searchParams.get('token'))]);
	}));

	test('five at once send each mail once', () => withSmtp({ slow: 0.2 }, async (smtp) => {
		for (let i = 0; i < 3; i++)
			await post(server, 'mail.password_changed', 'alice');
		const said = await Promise.all(Array.from({ length: 5 }, () => deliver(server)));
		assert.equal(said.reduce((sum, one) => sum + one.sent, 0), 3);
		await until('three mails', () => smtp.messages().length === 3);
		assert.equal(smtp.tries(), 3);
	}));

	test('a server that refuses is asked again later, less and less often, and at last no more', () => withSmtp({ refuse: '451 4.7.1 later' }, async (smtp) => {
		await post(server, 'mail.password_changed', 'alice');
		assert.equal((await deliver(server)).retried, 1);
		const due = async () => Number((await column(server, 'SELECT due_at FROM outbox'))[0]) - now();
		assert.ok(await due() > 50 && await due() <= 60, `due in ${await due()} s`);
		assert.equal((await deliver(server)).retried, 0, 'not before it is due');
		assert.equal(smtp.tries(), 1);
		await sql(server, 'UPDATE outbox SET due_at = 1');
		await deliver(server);
		assert.ok(await due() > 110 && await due() <= 120);
		await sql(server, 'UPDATE outbox SET due_at = 1, created_at = created_at - 172800');
		assert.equal((await deliver(server)).failed, 1);
		assert.equal(await count(server, 'outbox'), 0);
		assert.deepEqual(await sql(server, "SELECT event, detail FROM audit WHERE event = 'mail.failed'"), [['mail.failed', 'password_changed']]);
	}));

	test('a server that is not there keeps nothing and loses nothing', async () => {
		await server.configure({ mail_smtp_url: 'smtp://localhost:1' });
		await sql(server, 'DELETE FROM outbox');
		await post(server, 'mail.password_changed', 'alice');
		assert.equal((await deliver(server)).retried, 1);
		assert.equal(await count(server, 'outbox'), 1);
	});

	test('STARTTLS and a password', () => withSmtp({ tls: 'starttls', user: 'latchkey', password: 'p w' }, async (smtp) => {
		await writeFile(path.join(folder, 'password'), 'p w\n');
		await server.configure({ mail_smtp_user: 'latchkey', mail_smtp_password_file: path.join(folder, 'password') });
		await post(server, 'mail.password_changed', 'alice');
		assert.equal((await deliver(server)).sent, 1);
		const [mail] = await until('the mail', () => smtp.messages().length > 0 && smtp.messages());
		assert.deepEqual([mail.envelope.tls, mail.envelope.authenticated], [true, true]);
		await server.configure({ mail_smtp_user: '', mail_smtp_password_file: '' });
	}));

	test('nothing leaves without TLS, or to a server whose certificate nobody vouches for', async () => {
		await withSmtp({}, async (smtp) => {
			await server.configure({ mail_smtp_url: `smtp://0.0.0.0:${smtp.port}` }); // reaches it, and is no loopback name
			await post(server, 'mail.password_changed', 'alice');
			assert.equal((await deliver(server)).retried, 1);
			assert.equal(smtp.tries(), 0);
		});
		await withSmtp({ tls: 'smtps' }, async (smtp) => {
			await post(server, 'mail.password_changed', 'alice');
			assert.equal((await deliver(server)).retried, 1);
			assert.equal(smtp.tries(), 0);
		});
	});

	test('a private authority vouches for a server where mail_smtp_ca_file names it, and for none else', async () => {
		const other = path.join(folder, 'other.pem');
		await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-addext', 'subjectAltName=DNS:localhost', '-keyout', path.join(folder, 'other.key'), '-out', other]);
		const trust = async (file) => {
			await server.configure({ mail_smtp_ca_file: file });
			await sql(server, 'UPDATE outbox SET due_at = 1');
		};
		await withSmtp({ tls: 'smtps' }, async (smtp) => {
			await post(server, 'mail.password_changed', 'alice');
			for (const [file, attempts] of [['', '1'], [other, '2'], [path.join(folder, 'missing.pem'), '3']]) {
				await trust(file);
				assert.equal((await deliver(server)).retried, 1, file);
				assert.equal(smtp.tries(), 0);
				assert.deepEqual(await column(server, 'SELECT attempts FROM outbox'), [attempts], 'it is kept, and tried again');
				assert.match((await server.log()).at(-1).text, /certificate|CA cert/i);
			}
			await trust(path.join(folder, 'cert.pem'));
			await server.configure({ mail_smtp_url: smtp.url.replace('localhost', '127.0.0.1') });
			assert.equal((await deliver(server)).retried, 1, 'the certificate is of another name');
			assert.equal(smtp.tries(), 0);
			await server.configure({ mail_smtp_url: smtp.url });
			await sql(server, 'UPDATE outbox SET due_at = 1');
			assert.equal((await deliver(server)).sent, 1);
			const [mail] = await until('the mail', () => smtp.messages().length > 0 && smtp.messages());
			assert.deepEqual([mail.envelope.tls, mail.envelope.recipients], [true, ['alice@example.org']]);
			assert.equal(await count(server, 'outbox'), 0);
		});
		await withSmtp({ tls: 'starttls' }, async (smtp) => {
			await server.configure({ mail_smtp_ca_file: other });
			await post(server, 'mail.password_changed', 'alice');
			assert.equal((await deliver(server)).retried, 1, 'whoever names an authority wants it asked on this machine, too');
			assert.equal(smtp.tries(), 0);
			await trust(path.join(folder, 'cert.pem'));
			assert.equal((await deliver(server)).sent, 1);
		});
		await server.configure({ mail_smtp_ca_file: '' });
	});

	test('two that start at the same moment share the mails, by SMTP and into the folder: each goes out once', async () => {
		const many = 12;
		const fill = async () => {
			for (let i = 0; i < many; i++)
				await post(server, 'mail.email_changed', 'alice', { detail: `old${i}@example.org` });
		};
		const both = async () => (await Promise.all([deliver(server), deliver(server)])).reduce((sum, one) => sum + one.sent, 0);
		const expected = Array.from({ length: many }, (_, i) => `<old${i}@example.org>`).sort();
		await withSmtp({ slow: 0.05 }, async (smtp) => {
			await fill();
			assert.equal(await both(), many);
			await until('all mails', () => smtp.messages().length >= many);
			assert.deepEqual(smtp.messages().map((mail) => mail.to).sort(), expected);
			assert.equal(smtp.tries(), many);
		});
		await server.configure({ mail_smtp_url: '' });
		const before = (await mails(server)).length;
		await fill();
		assert.equal(await both(), many);
		assert.deepEqual((await mails(server)).slice(before).map((mail) => mail.to).sort(), expected);
		assert.equal(await count(server, 'outbox'), 0);
	});

	test('killed between the link and the sending: the mail comes later with another link', () => withSmtp({ slow: 60 }, async (smtp) => {
		await post(server, 'mail.reset_password', 'alice');
		const killed = start(path.join(ROOT, 'build/bin/deliver'), ['--once'], { env: server.environment });
		await until('it is sending', () => smtp.tries() === 1);
		killed.child.kill('SIGKILL');
		await killed.ended;
		const [first] = await links(server);
		assert.equal(await count(server, 'outbox'), 1);
		assert.equal((await deliver(server)).sent, 0, 'it may still be at work');
		await sql(server, 'UPDATE outbox SET due_at = 1');
		await server.configure({ mail_smtp_url: '' });
		assert.equal((await deliver(server)).sent, 1);
		const mail = await waitForMail(server, 'alice@example.org', 'reset_password');
		const kept = await links(server);
		assert.equal(kept.length, 1);
		assert.notEqual(kept[0].hash, first.hash);
		assert.equal(kept[0].hash, hash(new URL(mail.link).searchParams.get('token')));
	}));

	test('SIGTERM in the middle ends it soon, and the attempt does not count', () => withSmtp({ slow: 60 }, async (smtp) => {
		await post(server, 'mail.password_changed', 'alice');
		const ended = start(path.join(ROOT, 'build/bin/deliver'), ['--watch'], { env: server.environment });
		await until('it is sending', () => smtp.tries() === 1);
		await ended.stop();
		assert.deepEqual(await column(server, 'SELECT attempts FROM outbox'), ['0']);
		assert.equal(await ended.ended, 0);
	}));

	test('a configuration that cannot work is told', async () => {
		await server.configure({ mail_smtp_url: 'http://localhost' });
		const { code } = await run(path.join(ROOT, 'build/bin/deliver'), ['--once'], { env: server.environment });
		assert.equal(code, 1);
		assert.match((await server.log()).at(-1).text, /mail_smtp_url must be/);
		await writeFile(path.join(server.directory, 'latchkey.log'), '');
		assert.equal((await run(path.join(ROOT, 'build/bin/deliver'), ['--nonsense'])).code, 2);
	});
});

describe('scripts/serve sends by itself', () => {
	let server;
	before(async () => {
		server = await startServer({ users: [ALICE, BOB] });
	});
	after(() => server.stop());

	test('a mail is there at once when an endpoint wakes it, and one deliver watches', async () => {
		await until('deliver watches', async () => (await run(path.join(ROOT, 'build/bin/deliver'), ['--watch'], { env: server.environment })).code === 1);
		await post(server, 'mail.password_changed', 'alice');
		await wake(server);
		await waitForMail(server, 'alice@example.org', 'password_changed', { seconds: 5 });
	});

	test('a mail that is due later is sent then', async () => {
		await post(server, 'mail.factor_added', 'alice', { at: now() + 2, detail: 'totp' });
		await wake(server);
		await waitForMail(server, 'alice@example.org', 'factor_added', { seconds: 20 });
	});
});
