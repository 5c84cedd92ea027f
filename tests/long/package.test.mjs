// The Debian package in a Debian that has nothing but its own base: built, installed, set up by the very lines that it prints,
// signed in through lighttpd with the example configuration, removed, purged.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Browser } from '../lib/browser.mjs';
import { obtain, userinfo } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { CHEAP, Installed, lighttpdConfiguration, tree } from '../lib/installed.mjs';
import { freePort, run } from '../lib/process.mjs';
import { ALICE, ROOT } from '../lib/server.mjs';

const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
const WWW_DATA = 33; // in every Debian

const environment = { ...process.env, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
for (const name of ['MAKEFLAGS', 'MAKELEVEL', 'LATCHKEY_CONFIG', 'TMPDIR'])
	delete environment[name];

let root; // of the other Debian
let reason; // why there is none
let file; // of the package
let server;
let said; // what the package printed when it was installed

async function must(command, args, options = {}) {
	const result = await run(command, args, { env: environment, ...options });
	assert.equal(result.code, 0, `${command} ${args.join(' ')}\n${result.stdout}${result.stderr}`.slice(-6000));
	return result.stdout;
}

const inside = (command, ...args) => must('chroot', [root, command, ...args], { cwd: '/' });
const install = (...packages) => inside('apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages);
const there = (name) => path.join(root, name);

async function whyNot() {
	if (process.getuid() !== 0)
		return 'only root can make a root folder';
	for (const tool of ['debootstrap', 'dpkg-shlibdeps'])
		if ((await run('sh', ['-c', `command -v ${tool}`], { env: environment })).code !== 0)
			return `${tool} is missing`;
	const probe = await run('curl', ['-fsSI', '--max-time', '20', `${MIRROR}/dists/bookworm/InRelease`], { env: environment });
	return probe.code === 0 ? null : `${MIRROR} cannot be reached`;
}

before(async () => {
	reason = await whyNot();
	if (reason)
		return;
	file = path.join(ROOT, (await must('make', ['--no-print-directory', 'deb'], { cwd: ROOT })).trim().split('\n').at(-1));
	root = await mkdtemp('/var/tmp/latchkey-debian-');
	await chmod(root, 0o755);
	await must('debootstrap', ['--variant=minbase', 'bookworm', root, MIRROR]);
	// How this machine reaches the network is its own affair: names, proxies and certificates come from here.
	for (const name of ['etc/resolv.conf', 'etc/hosts'])
		await writeFile(there(name), await readFile(`/${name}`));
	// Nothing may start by itself in there.
	await writeFile(there('usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
	await writeFile(there('latchkey.deb'), await readFile(file));
	await inside('apt-get', 'update', '-q');
});

after(async () => {
	await server?.service?.stop();
	if (root) {
		assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(` ${root}/`), 'something is still mounted there');
		await rm(root, { recursive: true, force: true });
	}
});

/** A test that needs the other Debian. */
const step = (name, body) => test(name, async (t) => {
	if (reason) {
		t.skip(reason);
		return;
	}
	await body(t);
});

step('it installs with what it depends on, starts nothing, and says what comes next', async (t) => {
	said = await install('/latchkey.deb');
	assert.match(said, /nothing is set up yet/);
	assert.equal(await inside('dpkg', '--verify', 'latchkey'), '');
	const own = (await inside('dpkg', '-L', 'latchkey')).split('\n').filter(Boolean);
	assert.ok(own.includes('/usr/bin/latchkey') && own.includes('/usr/bin/latchkey-deliver') && own.includes('/usr/lib/latchkey/cgi-bin/account/profile'));
	assert.deepEqual(own.filter((name) => /^\/(etc|var|home|root|usr\/local)(\/|$)/.test(name)), []);
	for (const name of own.filter((one) => one.includes('latchkey'))) {
		const status = lstatSync(there(name));
		assert.equal(`${status.mode & 0o7022} ${status.uid}`, '0 0', name);
	}
	assert.equal(existsSync(there('var/lib/latchkey')), false);
	assert.equal((await run('grep', ['-rl', 'latchkey', there('etc/systemd'), there('etc/cron.d'), there('etc/init.d')])).stdout, '');
	const size = await inside('dpkg-query', '-W', '-f', '${Version} ${Architecture} ${Installed-Size}', 'latchkey');
	t.diagnostic(`package: version, architecture, KiB: ${size}; depends on ${await inside('dpkg-query', '-W', '-f', '${Depends}', 'latchkey')}`);
});

step('its own lines set it up, and a user signs in through lighttpd with the example configuration', async () => {
	await install('lighttpd');
	const port = await freePort();
	server = new Installed('/var/lib/latchkey', port, ['chroot', root, 'latchkey']);
	// A command without LATCHKEY_CONFIG: /etc/latchkey/latchkey.conf is found.
	server.environment = environment;
	const lines = said.split('\n').map((line) => line.trim()).filter((line) => /^(install|latchkey init|ln) /.test(line));
	assert.equal(lines.length, 3, said);
	for (const line of lines)
		await inside('sh', '-c', line.replace('https://id.example.org', server.issuer));
	for (const one of tree(there('var/lib/latchkey'))) {
		assert.equal(one.uid, WWW_DATA, one.path);
		if (/^(keys|database|mail)/.test(one.path))
			assert.equal(one.mode & 0o077, 0, one.path);
	}
	server.config = there('etc/latchkey/latchkey.conf').replace('/etc/latchkey/', '/var/lib/latchkey/');
	await server.configure(CHEAP);
	await inside('chown', 'www-data:www-data', '/var/lib/latchkey/latchkey.conf');
	await server.latchkey(['user', 'add', 'alice', '--password-stdin'], { input: `${ALICE.password}\n` });
	server.users.alice = ALICE;
	const client = await server.addClient({ client_name: 'Wiki', redirect_uris: ['https://wiki.example/cb'] });

	const example = await readFile(there('usr/share/latchkey/servers/lighttpd.conf'), 'utf8');
	await writeFile(there('etc/lighttpd/latchkey.conf'), lighttpdConfiguration(example, { port }));
	await server.serveBy(['chroot', `--userspec=${WWW_DATA}:${WWW_DATA}`, root, 'lighttpd', '-D', '-f', '/etc/lighttpd/latchkey.conf'], { env: environment });
	const { tokens } = await obtain(server, new Browser(), client);
	const info = await userinfo(server, tokens.access_token);
	assert.equal(info.status, 200, info.text);
	assert.equal((await request(`${server.issuer}/account/`)).status, 200);
	// Programs that need shared libraries: cJSON, zxcvbn, qrencode, cbor, curl.
	for (const name of ['account/overview', 'account/passkeys', 'account/password', 'account/totp'])
		assert.equal((await request(server.url(name))).status, 401, name);
	await inside('setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups', 'latchkey-deliver', '--once');
	await inside('latchkey', 'gc');
	await server.service.stop();
	assert.doesNotMatch(server.service.output(), / error: /);
});

step('removed and purged it leaves the accounts; purged with LATCHKEY_PURGE_DATA=yes it does not', async () => {
	const own = (await inside('dpkg', '-L', 'latchkey')).split('\n').filter((name) => name.includes('latchkey'));
	await inside('apt-get', 'remove', '-y', '-q', 'latchkey');
	assert.deepEqual(own.filter((name) => existsSync(there(name))), []);
	assert.ok(existsSync(there('var/lib/latchkey/keys/credentials.key')));
	await install('/latchkey.deb');
	assert.match(await inside('apt-get', 'purge', '-y', '-q', 'latchkey'), /left where they are/);
	assert.ok(existsSync(there('var/lib/latchkey/keys/credentials.key')));
	await install('/latchkey.deb');
	await must('chroot', [root, 'apt-get', 'purge', '-y', '-q', 'latchkey'], { cwd: '/', env: { ...environment, LATCHKEY_PURGE_DATA: 'yes' } });
	assert.equal(existsSync(there('var/lib/latchkey')), false);
	assert.equal(existsSync(there('etc/latchkey')), false);
});
