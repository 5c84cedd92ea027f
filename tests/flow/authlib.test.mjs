// Debian's python3-authlib as a relying party after the first sign-in (authlib_client.py does the work): refresh,
// revocation, introspection, client_credentials, PAR, private_key_jwt.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';

import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';

import { Browser, finish } from '../lib/browser.mjs';
import { run } from '../lib/process.mjs';
import { ROOT, startServer } from '../lib/server.mjs';

const PYTHON = '/usr/bin/python3';
const GRANTS = ['authorization_code', 'refresh_token'];
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const TASKS = ['refreshes', 'refreshes_by_itself', 'revokes', 'introspects', 'gets_tokens_for_itself', 'pushes'];

let server;
let browser;
const ways = {}; // by name: what the script has to know of its client

before(async () => {
	const { code, stderr } = await run(PYTHON, ['-c', 'import authlib, requests']);
	assert.equal(code, 0, `scripts/setup test installs it: ${stderr}`);
	server = await startServer();
	browser = new Browser();
	const add = async (name, method, more, known = {}) => {
		const client = await server.addClient({ client_name: name, token_endpoint_auth_method: method, redirect_uris: [`https://${name}.example/cb`], grant_types: GRANTS, ...more });
		ways[name] = { client_id: client.client_id, secret: client.client_secret, method, redirect_uri: client.redirect_uris[0], ...known };
	};
	const own = { grant_types: [...GRANTS, 'client_credentials'], consent: 'none' };
	await add('basic', 'client_secret_basic', own);
	await add('post', 'client_secret_post', own);
	await add('public', 'none');
	for (const alg of ALGORITHMS) {
		const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
		const jwk = { ...await exportJWK(publicKey), kid: `key-of-${alg}`, alg, use: 'sig' }; // Authlib names no key
		await add(alg, 'private_key_jwt', { ...own, jwks: { keys: [jwk] } }, { alg, secret: await exportPKCS8(privateKey) });
	}
});
after(() => server?.stop());

/** Runs the script; the browser goes where it is sent. Gives the tasks that the script has done. */
function perform(name, tasks) {
	const child = spawn(PYTHON, [path.join(ROOT, 'tests/flow/authlib_client.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
	// One scope is not known here: it is dropped, and Authlib sends it again with each refresh.
	const job = { ...ways[name], issuer: server.issuer, tasks, scope: 'openid profile email offline_access never_registered' };
	const errors = [];
	const done = [];
	child.stderr.on('data', (part) => errors.push(part));
	child.stdin.on('error', () => {});
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code) => (code === 0 ? resolve(done) : reject(new Error(`${code} after ${done.join(', ')}: ${Buffer.concat(errors)}`))));
		readline.createInterface(child.stdout).on('line', async (line) => {
			try {
				const said = JSON.parse(line);
				if (said.done) {
					done.push(said.done);
					return;
				}
				const outcome = await finish(browser, await browser.visit(said.visit), server.issuer, { user: server.users.alice });
				child.stdin.write(`${outcome.url}\n`);
			} catch (error) {
				child.kill();
				reject(error);
			}
		});
		child.stdin.write(`${JSON.stringify(job)}\n`);
	});
}

for (const name of ['basic', 'post', 'public', ...ALGORITHMS]) {
	const tasks = TASKS.filter((task) => name !== 'public' || !['introspects', 'gets_tokens_for_itself'].includes(task));
	test(`client ${name}: ${tasks.join(', ').replaceAll('_', ' ')}`, async () => {
		assert.deepEqual(await perform(name, tasks), tasks);
	});
}
