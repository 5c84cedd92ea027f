// The well-known documents: files that say what the endpoints say, with what caches and browsers need.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

let server;

before(async () => {
	server = await startServer({ settings: { jwks_cache_seconds: 120 } });
});
after(() => server?.stop());

const DOCUMENTS = [
	['/.well-known/openid-configuration', 'discovery', 'openid-configuration'],
	['/.well-known/oauth-authorization-server', 'discovery', 'openid-configuration'],
	['/.well-known/jwks.json', 'jwks', 'jwks.json'],
];

for (const [place, endpoint] of DOCUMENTS) {
	test(`${place}: the same as the endpoint ${endpoint}, with media type, caching, CORS and ETag`, async () => {
		const file = await request(server.issuer + place);
		const program = await request(server.url(endpoint));
		assert.equal(file.status, 200);
		assert.equal(file.text, program.text);
		for (const answer of [file, program]) {
			assert.equal(answer.headers['content-type'], 'application/json');
			assert.equal(answer.headers['access-control-allow-origin'], '*');
			assert.equal(answer.headers['cache-control'], 'public, max-age=120');
			assert.equal(answer.headers['x-content-type-options'], 'nosniff');
			assert.ok(answer.headers.etag);
		}
		const again = await request(server.issuer + place, { headers: { 'If-None-Match': file.headers.etag } });
		assert.equal(again.status, 304);
		assert.equal(again.text, '');
		const preflight = await request(server.issuer + place, { method: 'OPTIONS', headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'mcp-protocol-version' } });
		assert.ok(preflight.status === 200 || preflight.status === 204);
		assert.match(preflight.headers['access-control-allow-headers'], /MCP-Protocol-Version/);
	});
}

test('the files are readable, nothing is left beside them, and the folder holds nothing else', async () => {
	const folder = path.join(server.directory, 'well-known');
	assert.deepEqual((await fs.readdir(folder)).sort(), ['jwks.json', 'openid-configuration']);
	for (const name of await fs.readdir(folder))
		assert.equal((await fs.stat(path.join(folder, name))).mode & 0o777, 0o644);
});

test('a rotation shows the next key in the file before it can sign', async () => {
	const before = (await request(`${server.issuer}/.well-known/jwks.json`)).json().keys.map((key) => key.kid);
	await server.latchkey(['key', 'rotate', '--alg', 'ES256']);
	const now = await request(`${server.issuer}/.well-known/jwks.json`);
	const added = now.json().keys.filter((key) => !before.includes(key.kid));
	assert.equal(added.length, 2);
	assert.ok(added.every((key) => key.alg === 'ES256' && key.kty === 'EC' && !('d' in key)));
	assert.equal(now.text, (await request(server.url('jwks'))).text);
});

test('publish mends a file that is damaged or missing, and else changes nothing', async () => {
	const file = path.join(server.directory, 'well-known/openid-configuration');
	const right = await fs.readFile(file, 'utf8');
	await fs.writeFile(file, '{');
	assert.equal(JSON.parse((await server.latchkey(['publish', '--json'])).stdout).written.length, 1);
	assert.equal(await fs.readFile(file, 'utf8'), right);
	await fs.rm(file);
	await server.latchkey(['publish']);
	assert.equal(await fs.readFile(file, 'utf8'), right);
	assert.deepEqual(JSON.parse((await server.latchkey(['publish', '--json'])).stdout).written, []);
});
