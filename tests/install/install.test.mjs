// make install, make uninstall: what lies where, with which modes; a sign-in with nothing but what was installed; nothing left.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Browser } from '../lib/browser.mjs';
import { obtain, userinfo } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { CHEAP, Installed, tree, writeConfiguration } from '../lib/installed.mjs';
import { freePort, run } from '../lib/process.mjs';
import { ALICE, ROOT } from '../lib/server.mjs';

const PREFIX = 'usr/local';
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
for (const name of ['MAKEFLAGS', 'MAKELEVEL', 'LATCHKEY_CONFIG', 'DESTDIR', 'PREFIX'])
	delete environment[name];

let folder;
let destination;

/** make TARGET into the test's own folder, by an operator with a strict umask. */
async function make(target, destdir = destination) {
	const { code, stdout, stderr } = await run('sh', ['-c', `umask 077; make --no-print-directory ${target} DESTDIR="$1"`, 'sh', destdir], { cwd: ROOT, env: environment });
	assert.equal(code, 0, stdout + stderr);
	return stdout;
}

const place = (...parts) => path.join(destination, PREFIX, ...parts);
const filesBelow = (directory) => tree(path.join(ROOT, directory)).filter((one) => one.kind === 'file' && !path.basename(one.path).startsWith('.')).map((one) => one.path);
const endpoints = () => ['', 'account/', 'admin/'].flatMap((sub) => existsSync(path.join(ROOT, 'cgi-bin', sub))
	? readdirSync(path.join(ROOT, 'cgi-bin', sub)).filter((name) => name.endsWith('.c')).map((name) => sub + name.slice(0, -2)) : []);

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-install-'));
	await chmod(folder, 0o755);
	destination = path.join(folder, 'destination');
	await make('install');
});
after(() => rm(folder, { recursive: true, force: true }));

test('everything is where it belongs, with modes that let everybody read and only the owner write', () => {
	const all = tree(destination);
	const programs = ['bin/latchkey', 'bin/latchkey-deliver', 'lib/latchkey/probe', ...endpoints().map((name) => `lib/latchkey/cgi-bin/${name}`)];
	const expected = [
		...programs,
		...filesBelow('htdocs').map((name) => `share/latchkey/htdocs/${name}`),
		...filesBelow('scripts/servers').map((name) => `share/latchkey/servers/${name}`),
		...filesBelow('scripts/packaging/systemd').map((name) => `share/latchkey/systemd/${name}`),
		...['account.md', 'clients.md', 'LICENSE', 'README.md'].map((name) => `share/doc/latchkey/${name}`),
		'share/latchkey/crontab', 'share/latchkey/installed', 'share/latchkey/latchkey.conf.sample',
		'share/man/man1/latchkey.1', 'share/man/man1/latchkey-deliver.1', 'share/man/man5/latchkey.conf.5', 'share/man/man7/latchkey.7',
	].map((name) => `${PREFIX}/${name}`).sort();
	assert.ok(programs.length > 30);
	assert.deepEqual(all.filter((one) => one.kind !== 'folder').map((one) => one.path).sort(), expected);
	for (const one of all) {
		assert.equal(one.uid, process.getuid(), one.path);
		assert.ok(one.kind === 'folder' || one.kind === 'file', `${one.path} is a ${one.kind}`);
		const runs = one.kind === 'folder' || programs.includes(one.path.slice(PREFIX.length + 1)) || one.path.endsWith('/servers/lighttpd-fastcgi');
		const script = /share\/latchkey\/servers\//.test(one.path) && one.kind === 'file';
		if (!script)
			assert.equal(one.mode.toString(8), runs ? '755' : '644', one.path);
		assert.equal(one.mode & 0o7022, 0, `${one.path} has neither a set-id bit nor a stranger who writes`);
	}
});

test('no installed file names the folder that it was built in', () => {
	for (const { path: name } of tree(destination).filter((one) => one.kind === 'file'))
		assert.ok(!readFileSync(path.join(destination, name)).includes(`${ROOT}/`), name);
});

test('the examples name the folders of their installation', async () => {
	const other = path.join(folder, 'other');
	const put = await run(path.join(ROOT, 'scripts/install'), ['put'], { env: { ...environment, DESTDIR: other, PREFIX: '/opt/id', SYSCONFDIR: '/opt/settings' } });
	assert.equal(put.code, 0, put.stderr);
	const examples = tree(path.join(other, 'opt/id/share/latchkey')).filter((one) => one.kind === 'file' && /^(servers|systemd|crontab)/.test(one.path));
	assert.ok(examples.length > 5);
	let named = 0;
	for (const { path: name } of examples) {
		const text = readFileSync(path.join(other, 'opt/id/share/latchkey', name), 'utf8');
		assert.doesNotMatch(text, /\/usr\/local|[^s]\/etc\/latchkey/, name);
		named += /\/opt\/id\/(bin|lib\/latchkey)/.test(text);
	}
	assert.ok(named >= 4);
});

test('the units are what systemd understands', async (t) => {
	if ((await run('sh', ['-c', 'command -v systemd-analyze'])).code !== 0) {
		t.skip('systemd-analyze is missing');
		return;
	}
	const units = place('share/latchkey/systemd');
	const copy = path.join(folder, 'units');
	await mkdir(copy);
	for (const name of readdirSync(units)) {
		// The programs lie below DESTDIR. A template is looked at by one of its instances.
		const text = readFileSync(path.join(units, name), 'utf8').replaceAll('/usr/local/', `${destination}/usr/local/`);
		await writeFile(path.join(copy, name.replace('@', '@account-profile')), text);
	}
	const checked = readdirSync(copy).filter((name) => !name.endsWith('.timer')).map((name) => path.join(copy, name));
	const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...checked]);
	assert.equal((stdout + stderr).split('\n').filter((line) => line.includes('latchkey')).join('\n'), '');
});

test('a sign-in through lighttpd with nothing but what was installed; keys and database are for their owner alone', async () => {
	const directory = path.join(folder, 'installation');
	const port = await freePort();
	const server = new Installed(directory, port, [place('bin/latchkey')]);
	await server.latchkey(['init', '--directory', directory, '--issuer', server.issuer]);
	const made = tree(directory);
	assert.ok(made.filter((one) => one.path.startsWith('keys/') && one.kind === 'file').length >= 6);
	for (const one of made.filter((entry) => !entry.path.startsWith('well-known')))
		assert.equal(one.mode & (/^(keys|database|mail)/.test(one.path) ? 0o077 : 0o027), 0, `${one.path} ${one.mode.toString(8)}`);

	await server.configure({ ...CHEAP, log_file: path.join(directory, 'latchkey.log') });
	await server.addUser(ALICE);
	const client = await server.addClient({ client_name: 'Wiki', redirect_uris: ['https://wiki.example/cb'] });
	const file = path.join(folder, 'lighttpd.conf');
	await writeConfiguration(file, await readFile(place('share/latchkey/servers/lighttpd.conf'), 'utf8'), {
		port, cgi_bin: place('lib/latchkey/cgi-bin'), htdocs: place('share/latchkey/htdocs'), config: server.config,
		well_known: path.join(directory, 'well-known'),
	});
	try {
		await server.serveBy(['lighttpd', '-D', '-f', file], { env: environment });
		const { tokens } = await obtain(server, new Browser(), client);
		const info = await userinfo(server, tokens.access_token);
		assert.equal(info.status, 200, info.text);
		for (const page of ['/', '/style.css', '/account/', '/.well-known/jwks.json'])
			assert.equal((await request(server.issuer + page)).status, 200, page);
		// An endpoint of a folder.
		assert.equal((await request(server.url('account/overview'))).status, 401);
		const sent = await run(place('bin/latchkey-deliver'), ['--once', '--json'], { env: server.environment, cwd: '/' });
		assert.equal(sent.code, 0, sent.stderr);
		assert.equal(JSON.parse(sent.stdout).failed, 0);
		for (const key of ['keys/credentials.key', 'latchkey.conf', 'database/latchkey.db'])
			assert.notEqual((await request(`${server.issuer}/${key}`)).status, 200, key);
	} finally {
		await server.stop();
	}
});

test('a second make install takes away what the version before had and this one has not, and leaves strangers', async () => {
	const old = place('lib/latchkey/cgi-bin/implicit');
	const strange = place('share/latchkey/htdocs/logo.png');
	await writeFile(old, 'an endpoint of long ago');
	await writeFile(strange, 'the operator\'s');
	await appendFile(place('share/latchkey/installed'), `f\t/${PREFIX}/lib/latchkey/cgi-bin/implicit\n`);
	await make('install');
	assert.equal(existsSync(old), false);
	assert.equal(existsSync(strange), true);
	await rm(strange);
});

test('make uninstall leaves nothing of it, and everything else', async () => {
	const stranger = place('bin/another');
	const data = path.join(destination, 'var/lib/latchkey/keys/credentials.key');
	await mkdir(path.dirname(data), { recursive: true });
	await writeFile(data, 'a key');
	await writeFile(stranger, 'another program');
	await make('uninstall');
	assert.deepEqual(tree(destination).filter((one) => one.kind !== 'folder').map((one) => one.path), [`${PREFIX}/bin/another`, 'var/lib/latchkey/keys/credentials.key']);
	assert.equal(existsSync(place('share')), false);
	assert.equal(existsSync(place('lib')), false);

	const fresh = path.join(folder, 'fresh');
	await make('install', fresh);
	await make('uninstall', fresh);
	assert.deepEqual(tree(fresh), []);
	const again = await run('make', ['--no-print-directory', 'uninstall', `DESTDIR=${fresh}`], { cwd: ROOT, env: environment });
	assert.notEqual(again.code, 0);
	assert.match(again.stderr, /nothing was installed there/);
});
