// The command line: build/bin/latchkey in a folder of its own for each test.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, afterEach, describe, test } from 'node:test';

import { run } from '../lib/process.mjs';
import { ROOT } from '../lib/server.mjs';

const CLI = path.join(ROOT, 'build/bin/latchkey');
const ISSUER = 'http://localhost:8080';
const PASSWORD = 'correct horse battery staple';
const SECRET = 'a-client-secret-of-more-than-32-characters';

let folder;
let directory;
let config;

const latchkey = (args, input = '') => run(CLI, args, { input, env: { ...process.env, LATCHKEY_CONFIG: config } });

async function works(args, input) {
	const result = await latchkey(args, input);
	assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
	return result;
}

const json = async (args, input) => JSON.parse((await works([...args, '--json'], input)).stdout);

/** Refused with this exit code and a sentence on standard error alone. */
async function fails(code, pattern, args, input) {
	const result = await latchkey(args, input);
	assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
	assert.match(result.stderr, /^latchkey: /);
	assert.match(result.stderr, pattern);
	assert.equal(result.stdout, '');
}

const initArgs = () => ['init', '--directory', directory, '--issuer', ISSUER];

async function newFolder() {
	folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-cli-'));
	directory = path.join(folder, 'installation');
	config = path.join(directory, 'latchkey.conf');
}

/* Making keys takes long: one installation is made, and copied for each test. */
let made;

async function install() {
	if (!made) {
		await newFolder();
		await works(initArgs());
		await appendFile(config, '\nargon2_memory_kib = 8\nargon2_iterations = 1\n');
		made = folder;
	}
	await newFolder();
	await cp(path.join(made, 'installation'), directory, { recursive: true, filter: (from) => !from.endsWith('/mail/wake') });
}

after(() => made && rm(made, { recursive: true, force: true }));

const removeFolder = () => rm(folder, { recursive: true, force: true });
const mode = async (name) => (await stat(path.join(directory, name))).mode & 0o777;

/** All that the database has on disk, as one text. */
async function databaseBytes() {
	const names = await readdir(path.join(directory, 'database'));
	const parts = await Promise.all(names.map((name) => readFile(path.join(directory, 'database', name), 'latin1')));
	return parts.join('\n');
}

describe('init', () => {
	beforeEach(newFolder);
	afterEach(removeFolder);

	test('makes everything, with modes that keep others out', async () => {
		const answer = await json(initArgs());
		assert.equal(answer.changed, true);
		assert.equal(answer.issuer, ISSUER);
		assert.equal(answer.config, config);
		assert.equal(await mode('.'), 0o750);
		assert.equal(await mode('latchkey.conf'), 0o640);
		for (const name of ['database', 'keys', 'keys/signing', 'mail', 'mail/sent'])
			assert.equal(await mode(name), 0o700, name);
		for (const name of ['database/latchkey.db', 'keys/credentials.key', 'keys/clients.key', 'mail/wake'])
			assert.equal(await mode(name), 0o600, name);
		const keys = await json(['key', 'list']);
		assert.deepEqual(keys.map((key) => [key.alg, key.state]), [['RS256', 'active'], ['RS256', 'next']]);
		assert.deepEqual((await readdir(path.join(directory, 'keys/signing'))).sort(), keys.map((key) => `${key.kid}.key`).sort());
	});

	test('a second call changes nothing and says so', async () => {
		await works(initArgs());
		const before = await readFile(config, 'utf8');
		const keys = await json(['key', 'list']);
		const { stdout } = await works(initArgs());
		assert.match(stdout, /nothing was changed/);
		assert.equal(await readFile(config, 'utf8'), before);
		assert.deepEqual(await json(['key', 'list']), keys);
		const answer = await json(initArgs());
		assert.equal(answer.changed, false);
		assert.deepEqual(answer.made, []);
	});

	test('takes a relative folder, and is the same from elsewhere', async () => {
		const options = { cwd: folder, env: process.env };
		assert.equal((await run(CLI, ['init', '--directory', 'installation', '--issuer', ISSUER], options)).code, 0);
		assert.equal((await json(initArgs())).changed, false);
	});

	test('another issuer is refused', async () => {
		await works(initArgs());
		await fails(1, /is the installation of http:\/\/localhost:8080 already/, ['init', '--directory', directory, '--issuer', 'http://localhost:8081']);
		assert.equal((await json(initArgs())).changed, false);
	});

	test('an issuer that is none leaves nothing behind', async () => {
		for (const issuer of ['http://localhost:8080/', 'localhost', 'ftp://x', 'https://a.example/?x', 'https://A.example', `${ISSUER}\nsignup = on`]) {
			const result = await latchkey(['init', '--directory', directory, '--issuer', issuer]);
			assert.equal(result.code, 1, issuer);
			assert.match(result.stderr, /^latchkey: .*issuer/);
			if (!issuer.includes('\n'))
				assert.deepEqual(await readdir(folder), [], issuer);
		}
		await fails(2, /--directory and --issuer/, ['init', '--directory', directory]);
		await fails(2, /--directory and --issuer/, ['init', '--issuer', ISSUER]);
	});

	// Something that stands in the way cuts the first call short, as a crash would.
	const obstacles = { 'latchkey.conf.new': 'folder', 'database': 'file', 'database/latchkey.db.new': 'folder', 'keys': 'file', 'keys/signing': 'file', 'mail': 'file', 'mail/wake': 'file' };
	for (const [name, kind] of Object.entries(obstacles))
		test(`finishes what was cut short at ${name}`, async () => {
			const obstacle = path.join(directory, name);
			await mkdir(kind === 'folder' ? obstacle : path.dirname(obstacle), { recursive: true });
			if (kind === 'file')
				await writeFile(obstacle, '');
			assert.equal((await latchkey(initArgs())).code, 1);
			await rm(obstacle, { recursive: true });
			assert.equal((await json(initArgs())).changed, true);
			assert.equal((await json(initArgs())).changed, false);
			const keys = await json(['key', 'list']);
			assert.deepEqual(keys.map((key) => key.state), ['active', 'next']);
			for (const key of keys)
				assert.equal(await mode(`keys/signing/${key.kid}.key`), 0o600);
		});

	test('finishes where key files had been written, but no rows', async () => {
		await works(initArgs());
		await rm(path.join(directory, 'database'), { recursive: true });
		assert.equal((await json(initArgs())).changed, true);
		assert.equal((await json(initArgs())).changed, false);
		assert.equal((await json(['key', 'list'])).length, 2);
	});

	test('finishes a database and a configuration that were begun', async () => {
		await mkdir(path.join(directory, 'database'), { recursive: true });
		await writeFile(path.join(directory, 'latchkey.conf.new'), 'iss');
		await writeFile(path.join(directory, 'database/latchkey.db.new'), 'SQLite format 3\0');
		await works(initArgs());
		assert.equal((await json(initArgs())).changed, false);
		assert.ok(!(await readdir(directory)).includes('latchkey.conf.new'));
	});

	test('makes no new key where the database needs the old one', async () => {
		await works(initArgs());
		await works(['user', 'add', 'alice']);
		await rename(path.join(directory, 'keys/credentials.key'), path.join(folder, 'kept'));
		await fails(1, /credentials\.key is missing.*backup/, initArgs());
		await rename(path.join(folder, 'kept'), path.join(directory, 'keys/credentials.key'));
		const [key] = await json(['key', 'list']);
		await rm(path.join(directory, `keys/signing/${key.kid}.key`));
		await fails(1, /\.key is missing.*backup/, initArgs());
	});

	test('two at once make one installation', async () => {
		const answers = await Promise.all([json(initArgs()), json(initArgs()), json(initArgs())]);
		assert.equal(answers.filter((answer) => answer.made.includes(config)).length, 1);
		assert.equal((await json(['key', 'list'])).length, 2);
		assert.equal((await readdir(path.join(directory, 'keys/signing'))).length, 2);
	});

	test('a broken configuration is named with its line', async () => {
		await works(initArgs());
		await writeFile(config, `issuer = ${ISSUER}\nsingup = on\n`);
		await fails(1, /latchkey\.conf:2: unknown key "singup"/, initArgs());
		await fails(1, /latchkey\.conf:2: unknown key "singup"/, ['user', 'list']);
	});
});

describe('user', () => {
	beforeEach(install);
	afterEach(removeFolder);

	test('add prints sub and name, and stores no password in clear', async () => {
		const user = await json(['user', 'add', 'Alice', '--password-stdin', '--email', 'alice@example.org'], `${PASSWORD}\nsecond line\n`);
		assert.deepEqual(Object.keys(user), ['sub', 'username']);
		assert.equal(user.username, 'alice');
		assert.match(user.sub, /^[A-Za-z0-9]{22}$/);
		const bytes = await databaseBytes();
		assert.ok(bytes.includes('alice@example.org'));
		assert.ok(bytes.includes('v1.'));
		assert.ok(!bytes.includes(PASSWORD) && !bytes.includes('argon2id'));
		const [listed] = await json(['user', 'list']);
		assert.deepEqual({ ...listed, created_at: 0 }, { sub: user.sub, username: 'alice', created_at: 0, password: true, disabled: false });
	});

	test('a name is taken once, whatever its case', async () => {
		await works(['user', 'add', 'alice']);
		await fails(1, /There is a user alice already/, ['user', 'add', 'ALICE']);
	});

	test('names that are none are refused', async () => {
		for (const name of ['', 'a b', 'a@example.org', 'x ', '.a', 'ä', 'a'.repeat(65)])
			await fails(1, /cannot be a user name/, ['user', 'add', '--', name]);
	});

	test('without a terminal nobody is asked', async () => {
		const result = await works(['user', 'add', 'alice']);
		assert.match(result.stderr, /has no password/);
		assert.equal((await json(['user', 'list']))[0].password, false);
		await fails(1, /--password-stdin/, ['user', 'set-password', 'alice']);
	});

	test('bad passwords', async () => {
		const args = ['user', 'add', 'alice', '--password-stdin'];
		await fails(1, /too short.*15/, args, 'short\n');
		await fails(1, /empty/, args, '');
		await fails(1, /too short/, args, '\n');
		await fails(1, /NUL/, args, 'a password with a \0 in it\n');
		await fails(1, /UTF-8/, args, Buffer.from([...Buffer.from(PASSWORD), 0xff, 10]));
		await fails(1, /will not do/, args, `${PASSWORD}\x07\n`);
		await fails(1, /too long/, args, `${'x'.repeat(5000)}\n`);
		await fails(1, /will not do/, ['user', 'add', 'a-user-name-of-some-length', '--password-stdin'], 'A-user-name-of-some-length\n');
		assert.deepEqual(await json(['user', 'list']), []);
		await works(args, `${PASSWORD}\r\n`);
	});

	test('a password that says what the claims say is refused, at add and later', async () => {
		const claims = path.join(folder, 'personal.json');
		await writeFile(claims, JSON.stringify({ name: 'Wilhelmina Quartermaine', nickname: 'minaquartermaineee', groups: ['a'] }));
		const add = ['user', 'add', 'mina', '--password-stdin', '--email', 'mina.quartermaine@example.org'];
		for (const password of ['mina.quartermaine@example.org', 'Mina.Quartermaine'])
			await fails(1, /will not do.*about you/, add, `${password}\n`);
		for (const password of ['wilhelmina quartermaine', 'minaquartermaineee'])
			await fails(1, /will not do.*about you/, [...add, '--claims', claims], `${password}\n`);
		assert.deepEqual(await json(['user', 'list']), []);
		await works([...add, '--claims', claims], `${PASSWORD}\n`);
		for (const password of ['mina.quartermaine', 'wilhelmina quartermaine'])
			await fails(1, /will not do.*about you/, ['user', 'set-password', 'mina', '--password-stdin'], `${password}\n`);
	});

	test('claims are checked and kept', async () => {
		const claims = {
			name: 'Alice Ö', email: 'alice@example.org', email_verified: false, address: { locality: 'Wien' }, updated_at: 1700000000,
			groups: 'admins', preferred_username: 'Alice', nickname: '', picture: null, 'https://example.org/x': { deep: [1, 2.5, null] },
		};
		await works(['user', 'add', 'alice', '--claims', '-'], JSON.stringify(claims, null, 2));
		const bytes = await databaseBytes();
		assert.ok(bytes.includes('["admins"]'));
		assert.ok(bytes.includes('{"deep":[1,2.5,null]}'));
		assert.ok(!bytes.includes('nickname') && !bytes.includes('picture'));
	});

	test('claims that do not fit are refused', async () => {
		const wrong = {
			sub: 'x', iss: 'x', aud: 'x', exp: 1, nonce: 'x', preferred_username: 'bob', email: 'x', email_verified: 'true',
			phone_number_verified: 1, updated_at: '2026', address: 'Wien', groups: [1], name: 7, 'a b': 1,
		};
		for (const [name, value] of Object.entries(wrong))
			await fails(1, /claim/, ['user', 'add', 'alice', '--claims', '-'], JSON.stringify({ [name]: value }));
		for (const text of ['', '[]', '{"a":1,"a":2}', '{"a":"\\u0000"}', '{} x', '{'])
			await fails(1, /claims/, ['user', 'add', 'alice', '--claims', '-'], text);
		await fails(1, /cannot be read/, ['user', 'add', 'alice', '--claims', path.join(folder, 'missing')]);
		await fails(2, /standard input/, ['user', 'add', 'alice', '--claims', '-', '--password-stdin'], '{}');
		await fails(1, /no address/, ['user', 'add', 'alice', '--email', 'alice']);
		assert.deepEqual(await json(['user', 'list']), []);
	});

	test('set-password, disable and enable', async () => {
		await works(['user', 'add', 'alice']);
		assert.equal((await json(['user', 'set-password', 'alice', '--password-stdin'], `${PASSWORD}\n`)).sessions_ended, 0);
		assert.equal((await json(['user', 'list']))[0].password, true);
		const disabled = await json(['user', 'disable', 'Alice']);
		assert.equal(disabled.username, 'alice');
		assert.equal(disabled.grants_revoked, 0);
		assert.equal((await json(['user', 'list']))[0].disabled, true);
		assert.match((await works(['user', 'list'])).stdout, /alice +\w+ +disabled/);
		await works(['user', 'enable', 'alice']);
		assert.equal((await json(['user', 'list']))[0].disabled, false);
		for (const verb of ['disable', 'enable', 'set-password'])
			await fails(1, /There is no user bob/, ['user', verb, 'bob']);
	});

	test('a terminal is asked twice, without echo', async (context) => {
		if (spawnSync('script', ['--version']).error)
			return context.skip('needs script(1)');
		const child = spawn('script', ['-qefc', `${CLI} user add alice`, '/dev/null'], { env: { ...process.env, LATCHKEY_CONFIG: config } });
		let output = '';
		let answered = 0;
		child.stdout.on('data', (part) => {
			output += part;
			if ((answered === 0 && output.includes('Password: ')) || (answered === 1 && output.includes('again: '))) {
				answered++;
				child.stdin.write(`${PASSWORD}\n`);
			}
		});
		const code = await new Promise((resolve) => { child.on('close', resolve); });
		assert.equal(code, 0, output);
		assert.ok(!output.includes(PASSWORD));
		assert.equal((await json(['user', 'list']))[0].password, true);
	});
});

describe('client', () => {
	beforeEach(install);
	afterEach(removeFolder);

	test('add by metadata answers as RFC 7591 3.2.1 says', async () => {
		const metadata = {
			client_id: 'app', client_secret: SECRET, client_name: 'Größe', redirect_uris: ['https://app.example/cb'],
			token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
			response_types: ['code'], scope: 'openid profile', unknown_member: { a: 1 },
		};
		const { unknown_member: ignored, ...expected } = metadata;
		const client = await json(['client', 'add', '--metadata', '-'], JSON.stringify(metadata));
		for (const [name, value] of Object.entries(expected))
			assert.deepEqual(client[name], value, name);
		assert.equal(client.client_secret_expires_at, 0);
		assert.ok(Math.abs(client.client_id_issued_at - Date.now() / 1000) < 60);
		assert.equal(client.unknown_member, undefined);
		const bytes = await databaseBytes();
		assert.ok(!bytes.includes(SECRET) && !bytes.includes('argon2id'));
		const shown = await json(['client', 'show', 'app']);
		assert.equal(shown.client_secret, undefined);
		assert.deepEqual(shown, (({ client_secret: a, client_secret_expires_at: b, ...rest }) => rest)(client));
	});

	test('add by options: lists by repetition, numbers, booleans, JSON; options win over the file', async () => {
		const file = path.join(folder, 'client.json');
		await writeFile(file, JSON.stringify({ client_name: 'File', scope: 'openid', redirect_uris: ['https://file.example/'] }));
		const client = await json(['client', 'add', '--metadata', file, '--client-name=Option', '--redirect-uris', 'https://a.example/',
			'--redirect-uris', 'https://b.example/?x=1', '--default-max-age', '60', '--require-auth-time', 'true', '--trace', 'false',
			'--groups-filter', 'app-', '--claim-mapping', '{"policy": {"claim": "groups", "type": "string"}, "quota": {"value": 10}}',
			'--contacts', 'a@example.org', '--refresh-grace-seconds', '0']);
		assert.match(client.client_id, /^[A-Za-z0-9]{24}$/);
		assert.match(client.client_secret, /^[A-Za-z0-9]{43}$/);
		assert.equal(client.client_name, 'Option');
		assert.equal(client.scope, 'openid');
		assert.deepEqual(client.redirect_uris, ['https://a.example/', 'https://b.example/?x=1']);
		assert.equal(client.default_max_age, 60);
		assert.equal(client.require_auth_time, true);
		assert.equal(client.trace, false);
		assert.equal(client.refresh_grace_seconds, 0);
		assert.deepEqual(client.groups_filter, ['app-']);
		assert.deepEqual(client.claim_mapping, { policy: { claim: 'groups', type: 'string' }, quota: { value: 10 } });
	});

	test('a public client gets no secret', async () => {
		const client = await json(['client', 'add', '--token-endpoint-auth-method', 'none', '--redirect-uris', 'app.x:/cb']);
		assert.equal(client.client_secret, undefined);
		assert.equal(client.client_secret_expires_at, undefined);
		await fails(1, /public/, ['client', 'rotate-secret', client.client_id]);
	});

	test('switches that weaken are noted and stand out in the list', async () => {
		const result = await works(['client', 'add', '--client-id', 'weak', '--redirect-uris', 'http://lan.example/cb', '--pkce', 'optional', '--consent', 'none', '--json']);
		assert.match(result.stderr, /pkce is optional/);
		assert.match(result.stderr, /consent is none/);
		assert.match(result.stderr, /lan\.example.*not encrypted/);
		assert.equal(JSON.parse(result.stdout).pkce, 'optional');
		assert.match((await works(['client', 'list'])).stdout, /weak +weak +confidential +optional \(!\) +none/);
		const [listed] = await json(['client', 'list']);
		assert.deepEqual([listed.client_id, listed.public, listed.pkce, listed.consent], ['weak', false, 'optional', 'none']);
	});

	test('errors carry the code of RFC 7591 3.2.2', async () => {
		const uri = ['--redirect-uris', 'https://a.example/'];
		await fails(1, /invalid_redirect_uri/, ['client', 'add']);
		await fails(1, /invalid_redirect_uri/, ['client', 'add', '--redirect-uris', 'https://a.example/#x']);
		await fails(1, /invalid_redirect_uri/, ['client', 'add', '--redirect-uris', 'http://lan.example/', '--token-endpoint-auth-method', 'none']);
		await fails(1, /invalid_client_metadata/, ['client', 'add', ...uri, '--client-secret', 'short']);
		await fails(1, /invalid_client_metadata.*pkce/, ['client', 'add', ...uri, '--token-endpoint-auth-method', 'none', '--pkce', 'nonce']);
		await fails(1, /invalid_client_metadata/, ['client', 'add', '--metadata', '-'], '{"redirect_uris":["https://a.example/"],"client_name":1}');
		await fails(1, /JSON/, ['client', 'add', '--metadata', '-'], '{"client_name":"a","client_name":"b"}');
		await fails(1, /object/, ['client', 'add', '--metadata', '-'], '[]');
		await fails(2, /true or false/, ['client', 'add', ...uri, '--trace', '1']);
		await fails(2, /number/, ['client', 'add', ...uri, '--default-max-age', 'x']);
		await fails(2, /no option --redirect-uri;/, ['client', 'add', '--redirect-uri', 'https://a.example/']);
		assert.deepEqual(await json(['client', 'list']), []);
	});

	test('an id is taken once, and never by a user too', async () => {
		const add = (id) => ['client', 'add', '--client-id', id, '--redirect-uris', 'https://a.example/'];
		await works(add('app'));
		await fails(1, /There is a client app already/, add('app'));
		const { sub } = await json(['user', 'add', 'alice']);
		await fails(1, /sub of a user/, add(sub));
	});

	test('rotate-secret gives another one, remove removes', async () => {
		const client = await json(['client', 'add', '--client-id', 'app', '--redirect-uris', 'https://a.example/']);
		const rotated = await json(['client', 'rotate-secret', 'app']);
		assert.match(rotated.client_secret, /^[A-Za-z0-9]{43}$/);
		assert.notEqual(rotated.client_secret, client.client_secret);
		assert.ok(!(await databaseBytes()).includes(rotated.client_secret));
		assert.deepEqual(await json(['client', 'remove', 'app']), { client_id: 'app' });
		for (const verb of ['show', 'remove', 'rotate-secret'])
			await fails(1, /There is no client app/, ['client', verb, 'app']);
	});
});

describe('the rest', () => {
	before(install);
	after(removeFolder);

	test('privileges show what the endpoints say', async () => {
		const all = await json(['privileges']);
		const token = all.find((entry) => entry.endpoint === 'token');
		assert.deepEqual(token.methods, ['POST']);
		assert.ok(token.keys.includes('signing') && token.writes.includes('access_tokens'));
		assert.ok(token.parameters.some((parameter) => parameter.name === 'code' && !parameter.repeatable && parameter.longest > 0));
		assert.deepEqual(await json(['privileges', 'token']), token);
		assert.match((await works(['privileges', 'token'])).stdout, /^endpoint token\npurpose /);
		assert.match((await works(['privileges'])).stdout, /^ENDPOINT +METHODS.*\n(.*\n)*authorize +GET POST/);
		await fails(1, /There is no endpoint nope/, ['privileges', 'nope']);
	});

	test('help and version', async () => {
		assert.match((await works(['help'])).stdout, /client rotate-secret ID/);
		assert.match((await works(['--help'])).stdout, /usage: latchkey/);
		assert.match((await works(['help', 'user'])).stdout, /user set-password NAME/);
		assert.match((await works(['user', '--help'])).stdout, /user set-password NAME/);
		for (const args of [['help', 'client', 'add'], ['client', 'add', '--help']])
			assert.match((await works(args)).stdout, /--redirect-uris URI/);
		assert.match((await works(['--version'])).stdout, /^latchkey \d/);
	});

	test('wrong calls end with 2', async () => {
		await fails(2, /command is missing/, []);
		await fails(2, /no command frobnicate/, ['frobnicate']);
		await fails(2, /no command frobnicate/, ['help', 'frobnicate']);
		await fails(2, /needs one of its verbs/, ['user']);
		await fails(2, /needs one of its verbs/, ['user', 'frobnicate']);
		await fails(2, /NAME is missing/, ['user', 'add']);
		await fails(2, /one argument too many/, ['user', 'add', 'a', 'b']);
		await fails(2, /no option --frob/, ['user', 'list', '--frob']);
		await fails(2, /no option -x/, ['user', 'list', '-x']);
		await fails(2, /needs a value/, ['user', 'add', 'a', '--email']);
		await fails(2, /takes no value/, ['user', 'list', '--json=1']);
		await fails(2, /twice/, ['user', 'add', 'a', '--email', 'a@b', '--email', 'c@d']);
	});

	test('a missing or foreign installation is named', async () => {
		const kept = config;
		config = path.join(folder, 'nowhere.conf');
		await fails(1, /nowhere\.conf.*LATCHKEY_CONFIG/, ['user', 'list']);
		await writeFile(config, `issuer = ${ISSUER}\ndirectory = ${folder}\n`);
		await fails(1, /latchkey\.db is missing.*init/, ['user', 'list']);
		config = kept;
		await chmod(path.join(directory, 'database/latchkey.db'), 0o644);
		await fails(1, /chmod 600/, ['user', 'list']);
		await chmod(path.join(directory, 'database/latchkey.db'), 0o600);
	});

	test('an output that cannot be written is no success', async () => {
		const result = spawnSync('sh', ['-c', `"${CLI}" help > /dev/full`], { encoding: 'utf8' });
		assert.equal(result.status, 1);
		assert.match(result.stderr, /output could not be written/);
	});
});
