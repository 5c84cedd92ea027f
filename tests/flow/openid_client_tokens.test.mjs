// The npm package openid-client after the first sign-in: refresh, revocation, introspection, client_credentials, PAR,
// and private_key_jwt at each of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { exportJWK, generateKeyPair } from 'jose';
import * as oidc from 'openid-client';

import { Browser, finish } from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';
import { revoke } from '../lib/tokens.mjs';

const API = 'https://api.example/v1';
const GRANTS = ['authorization_code', 'refresh_token'];
const SCOPE = 'openid profile email offline_access';
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

let server;
let browser;
let metadata;
const ways = {}; // by name: { client, auth }

before(async () => {
	server = await startServer();
	browser = new Browser();
	const add = (client_name, more) => server.addClient({ client_name, redirect_uris: [`https://${client_name}.example/cb`], grant_types: GRANTS, ...more });
	const secret = { grant_types: [...GRANTS, 'client_credentials'], consent: 'none' };
	let client = await add('basic', { ...secret, token_endpoint_auth_method: 'client_secret_basic' });
	ways.basic = { client, auth: oidc.ClientSecretBasic(client.client_secret) };
	client = await add('post', { ...secret, token_endpoint_auth_method: 'client_secret_post' });
	ways.post = { client, auth: oidc.ClientSecretPost(client.client_secret) };
	ways.public = { client: await add('public', { token_endpoint_auth_method: 'none' }), auth: oidc.None() };
	metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
	for (const alg of ALGORITHMS) {
		const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
		const kid = `key-of-${alg}`;
		const jwk = { ...await exportJWK(publicKey), kid, alg, use: 'sig' };
		client = await add(alg.toLowerCase(), { ...secret, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } });
		ways[alg] = { client, auth: oidc.PrivateKeyJwt({ key: privateKey, kid }) };
	}
});
after(() => server?.stop());

async function configure(name) {
	const { client, auth } = ways[name];
	const configuration = await oidc.discovery(new URL(server.issuer), client.client_id, undefined, auth, { execute: [oidc.allowInsecureRequests] });
	oidc.enableNonRepudiationChecks(configuration);
	return { client, configuration };
}

async function signIn(configuration, client, { pushed = false, ...more } = {}) {
	const verifier = oidc.randomPKCECodeVerifier();
	const expected = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
	const parameters = {
		redirect_uri: client.redirect_uris[0], scope: SCOPE, state: expected.expectedState, nonce: expected.expectedNonce,
		code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
	};
	const url = pushed ? await oidc.buildAuthorizationUrlWithPAR(configuration, parameters) : oidc.buildAuthorizationUrl(configuration, parameters);
	const outcome = await finish(browser, await browser.visit(url), server.issuer, { user: server.users.alice });
	return { url, tokens: await oidc.authorizationCodeGrant(configuration, outcome.url, expected) };
}

test('discovery names what it needs', () => {
	for (const name of ['introspection', 'revocation', 'pushed_authorization_request'])
		assert.ok(metadata[`${name}_endpoint`].startsWith(`${server.issuer}/`), name);
	for (const name of ['token', 'revocation', 'introspection']) {
		assert.ok(metadata[`${name}_endpoint_auth_methods_supported`].includes('private_key_jwt'), name);
		for (const alg of ALGORITHMS)
			assert.ok(metadata[`${name}_endpoint_auth_signing_alg_values_supported`].includes(alg), `${name} ${alg}`);
	}
	assert.equal(metadata.require_pushed_authorization_requests, false);
});

for (const name of ['basic', 'post', 'public', ...ALGORITHMS]) {
	describe(`client ${name}`, () => {
		const when = (title, body) => test(title, async () => body(await configure(name)));

		when('refreshes, again and again; a repeated refresh token is invalid_grant once its successor was used', async ({ client, configuration }) => {
			const { tokens } = await signIn(configuration, client);
			const { sub, sid, auth_time: since } = tokens.claims();
			let token = tokens.refresh_token;
			for (let i = 0; i < 3; i++) {
				const next = await oidc.refreshTokenGrant(configuration, token);
				assert.deepEqual([next.claims().sub, next.claims().sid, next.claims().auth_time], [sub, sid, since]);
				assert.equal(next.claims().nonce, undefined);
				assert.notEqual(next.refresh_token, token);
				const info = await oidc.fetchUserInfo(configuration, next.access_token, sub);
				assert.equal(info.preferred_username, 'alice');
				token = next.refresh_token;
			}
			const narrow = await oidc.refreshTokenGrant(configuration, token, { scope: 'openid' });
			assert.equal(narrow.scope, 'openid');
			await assert.rejects(oidc.refreshTokenGrant(configuration, narrow.refresh_token, { scope: 'openid phone' }), { error: 'invalid_scope' });
			await assert.rejects(oidc.refreshTokenGrant(configuration, tokens.refresh_token), { error: 'invalid_grant' });
		});

		when('pushes its authorization request', async ({ client, configuration }) => {
			const { url, tokens } = await signIn(configuration, client, { pushed: true });
			assert.match(url.searchParams.get('request_uri'), /^urn:ietf:params:oauth:request_uri:/);
			assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
			assert.ok(tokens.claims().sub);
		});

		when('revokes', async ({ client, configuration }) => {
			const { tokens } = await signIn(configuration, client);
			await oidc.tokenRevocation(configuration, tokens.access_token, { token_type_hint: 'access_token' });
			await assert.rejects(oidc.fetchUserInfo(configuration, tokens.access_token, oidc.skipSubjectCheck));
			const next = await oidc.refreshTokenGrant(configuration, tokens.refresh_token);
			await oidc.tokenRevocation(configuration, next.refresh_token, { token_type_hint: 'refresh_token' });
			await assert.rejects(oidc.refreshTokenGrant(configuration, next.refresh_token), { error: 'invalid_grant' });
			await assert.rejects(oidc.fetchUserInfo(configuration, next.access_token, oidc.skipSubjectCheck));
			await oidc.tokenRevocation(configuration, 'never-heard-of');
		});

		if (name === 'public')
			return;

		when('introspects', async ({ client, configuration }) => {
			const { tokens } = await signIn(configuration, client);
			const access = await oidc.tokenIntrospection(configuration, tokens.access_token);
			assert.equal(access.active, true);
			assert.equal(access.client_id, client.client_id);
			assert.equal(access.sub, tokens.claims().sub);
			assert.equal(access.token_type, 'Bearer');
			assert.equal(access.username, 'alice');
			const refresh = await oidc.tokenIntrospection(configuration, tokens.refresh_token, { token_type_hint: 'refresh_token' });
			assert.equal(refresh.active, true);
			assert.deepEqual(await oidc.tokenIntrospection(configuration, 'never-heard-of'), { active: false });
			await oidc.tokenRevocation(configuration, tokens.refresh_token);
			assert.deepEqual(await oidc.tokenIntrospection(configuration, tokens.access_token), { active: false });
		});

		when('gets tokens for itself', async ({ client, configuration }) => {
			const tokens = await oidc.clientCredentialsGrant(configuration);
			assert.equal(tokens.token_type, 'bearer');
			assert.equal(tokens.refresh_token, undefined);
			assert.equal(tokens.id_token, undefined);
			const { active, sub, client_id: id } = await oidc.tokenIntrospection(configuration, tokens.access_token);
			assert.deepEqual([active, sub, id], [true, client.client_id, client.client_id]);
			await assert.rejects(oidc.clientCredentialsGrant(configuration, { resource: 'https://nowhere.example/' }), { error: 'invalid_target' });
		});
	});
}

test('introspection as a JWT (RFC 9701)', async () => {
	const { client, configuration } = await configure('basic');
	const { tokens } = await signIn(configuration, client);
	const signed = await oidc.discovery(new URL(server.issuer), client.client_id, { introspection_signed_response_alg: 'RS256' }, ways.basic.auth, { execute: [oidc.allowInsecureRequests] });
	const answer = await oidc.tokenIntrospection(signed, tokens.access_token);
	assert.equal(answer.active, true);
	assert.equal(answer.client_id, client.client_id);
});

test('for a registered resource, by client_credentials and by a user\'s grant', async () => {
	await server.latchkey(['resource', 'add', API, '--name', 'API']);
	await server.latchkey(['scope', 'add', 'read', '--description', 'Reads', '--resource', API]);
	const client = await server.addClient({ client_name: 'Api', consent: 'none', grant_types: [...GRANTS, 'client_credentials'], scope: 'openid offline_access read', redirect_uris: ['https://api-client.example/cb'] });
	ways.api = { client, auth: oidc.ClientSecretBasic(client.client_secret) };
	const { configuration } = await configure('api');
	const own = await oidc.clientCredentialsGrant(configuration, { scope: 'read', resource: API });
	assert.equal(own.scope, 'read');
	assert.equal((await oidc.tokenIntrospection(configuration, own.access_token)).aud, API);
	const { tokens } = await signIn(configuration, client, { scope: 'openid offline_access read', resource: API });
	assert.equal((await oidc.tokenIntrospection(configuration, tokens.access_token)).aud, API);
	const next = await oidc.refreshTokenGrant(configuration, tokens.refresh_token, { resource: API });
	assert.equal((await oidc.tokenIntrospection(configuration, next.access_token)).aud, API);
	assert.ok(next.claims().sub);
});

test('refresh by hand after another process revoked: invalid_grant, with a description', async () => {
	const { client, configuration } = await configure('basic');
	const { tokens } = await signIn(configuration, client);
	await revoke(server, client, tokens.refresh_token);
	await assert.rejects(oidc.refreshTokenGrant(configuration, tokens.refresh_token), (error) => {
		assert.equal(error.error, 'invalid_grant');
		assert.match(error.error_description, /revoked/);
		return true;
	});
});
