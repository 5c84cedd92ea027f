// The installation in tests/fixtures/first-release, as the first release left it: a place to upgrade from.
// node tests/lib/first_release.mjs makes the fixture anew by what is built; that is over once there is a release.
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { act } from './account.mjs';
import { Browser } from './browser.mjs';
import { obtain } from './client.mjs';
import { freePort } from './process.mjs';
import { ALICE, BOB, ROOT, Server, startServer } from './server.mjs';
import { totp } from './totp.mjs';

const FIXTURE = path.join(ROOT, 'tests/fixtures/first-release');
const SCOPE = 'openid profile email offline_access';
const YEAR = 365 * 86400;
// What else the files would say of where and when they were made.
const ISSUER = '@ISSUER@';
const DIRECTORY = '@DIRECTORY@';

const sqlite = (folder, input) => execFileSync('sqlite3', ['-bail', path.join(folder, 'database/latchkey.db')], { input, encoding: 'utf8' });

/** A copy of its own, as an installation on this machine: { server, facts }. Its tokens are good for a year from now. */
export async function placeFirstRelease() {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
	const server = new Server(folder, await freePort());
	const placed = (text) => text.replaceAll(ISSUER, server.issuer).replaceAll(DIRECTORY, folder);
	const read = async (name) => placed(await readFile(path.join(FIXTURE, name), 'utf8'));
	for (const name of ['database', 'mail', 'mail/sent'])
		await mkdir(path.join(folder, name), { mode: 0o700 });
	await writeFile(path.join(folder, 'latchkey.conf'), await read('latchkey.conf'), { mode: 0o640 });
	await cp(path.join(FIXTURE, 'keys'), path.join(folder, 'keys'), { recursive: true });
	execFileSync('chmod', ['-R', 'u=rwX,go=', path.join(folder, 'keys')]);
	const until = Math.floor(Date.now() / 1000) + YEAR;
	sqlite(folder, `${await read('database.sql')}
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
UPDATE grants SET refresh_expires_at = ${until}, refresh_ends_at = ${until}, expires_at = ${until} WHERE refresh_hash IS NOT NULL;
UPDATE access_tokens SET expires_at = ${until};
`);
	await chmod(path.join(folder, 'database/latchkey.db'), 0o600);
	const facts = JSON.parse(await read('facts.json'));
	Object.assign(server, { users: facts.users, clients: facts.clients });
	return { server, facts };
}

async function record() {
	const server = await startServer({ users: [ALICE, BOB] });
	const add = (name, more) => server.addClient({ client_name: name, grant_types: ['authorization_code', 'refresh_token'],
		redirect_uris: [`https://${name.toLowerCase()}.example/cb`], ...more });
	await add('Web');
	await add('Spa', { token_endpoint_auth_method: 'none', access_token_format: 'opaque' });
	await server.latchkey(['resource', 'add', 'https://notes.example', '--name', 'Notes']);
	await server.latchkey(['scope', 'add', 'notes:read', '--description', 'read your notes', '--resource', 'https://notes.example']);
	const tokens = {};
	const browser = new Browser();
	for (const name of ['Web', 'Spa'])
		tokens[name] = (await obtain(server, browser, server.clients[name], { scope: SCOPE })).tokens;
	const other = new Browser();
	await obtain(server, other, server.clients.Web, {}, { user: server.users.bob });
	const factor = async (body) => {
		const answer = await act(server, other, 'totp', body);
		if (answer.status !== 200)
			throw new Error(`account/totp: ${answer.status} ${answer.text}`);
		return answer.json();
	};
	const { seed } = await factor({ action: 'begin' });
	const { recovery_codes: recoveryCodes } = await factor({ action: 'confirm', code: totp(seed) });
	const neutral = (text) => text.replaceAll(server.issuer, ISSUER).replaceAll(server.directory, DIRECTORY);
	await rm(path.join(FIXTURE, 'keys'), { recursive: true, force: true });
	await cp(path.join(server.directory, 'keys'), path.join(FIXTURE, 'keys'), { recursive: true });
	const write = (name, text) => writeFile(path.join(FIXTURE, name), neutral(text));
	await write('database.sql', sqlite(server.directory, '.dump\n'));
	await write('latchkey.conf', await readFile(server.config, 'utf8'));
	await write('facts.json', `${JSON.stringify({ users: server.users, clients: server.clients, tokens, second_factor: { user: 'bob', seed, recovery_codes: recoveryCodes } }, null, '\t')}\n`);
	await server.stop();
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await record();
