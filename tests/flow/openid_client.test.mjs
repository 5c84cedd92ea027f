// The npm package openid-client as a relying party: discovery by the issuer, and from there on what it does by itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oidc from 'openid-client';

import { Browser, finish } from '../lib/browser.mjs';
import { formBody } from '../lib/http.mjs';
import { ALICE, startServer } from '../lib/server.mjs';

let server;

before(async () => {
	server = await startServer();
	const add = (client_name, more) => server.addClient({ client_name, redirect_uris: [`https://${client_name}.example/cb`], ...more });
	await add('basic', { token_endpoint_auth_method: 'client_secret_basic' });
	await add('post', { token_endpoint_auth_method: 'client_secret_post' });
	await add('either');
	await add('public', { token_endpoint_auth_method: 'none' });
});
after(() => server?.stop());

const METHODS = {
	basic: (client) => oidc.ClientSecretBasic(client.client_secret),
	post: (client) => oidc.ClientSecretPost(client.client_secret),
	either: (client) => client.client_secret, // what the package does when it is told a secret and no method
	public: () => oidc.None(),
};

async function configure(name, algorithm = 'oidc') {
	const client = server.clients[name];
	const how = METHODS[name](client);
	const options = { execute: [oidc.allowInsecureRequests], algorithm };
	const configuration = typeof how === 'string'
		? await oidc.discovery(new URL(server.issuer), client.client_id, how, undefined, options)
		: await oidc.discovery(new URL(server.issuer), client.client_id, undefined, how, options);
	oidc.enableNonRepudiationChecks(configuration); // checks the signature even though the token came over a direct connection
	return { client, configuration };
}

async function signIn(configuration, client, { user = server.users.alice, decision, browser = new Browser(), ...more } = {}) {
	const verifier = oidc.randomPKCECodeVerifier();
	const expected = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
	const url = oidc.buildAuthorizationUrl(configuration, {
		redirect_uri: client.redirect_uris[0], scope: 'openid profile email phone address', state: expected.expectedState,
		nonce: expected.expectedNonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
	});
	const outcome = await finish(browser, await browser.visit(url), server.issuer, { user, decision });
	const arrived = outcome.mode === 'query' ? outcome.url
		: new Request(outcome.url, { method: 'POST', body: formBody(outcome.params), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
	return { arrived, expected, outcome };
}

for (const name of ['basic', 'post', 'either', 'public']) {
	describe(`client ${name}`, () => {
		for (const response_mode of [undefined, 'query', 'form_post']) {
			test(`signs in, response_mode ${response_mode ?? 'as it comes'}`, async () => {
				const { client, configuration } = await configure(name);
				const { arrived, expected } = await signIn(configuration, client, response_mode ? { response_mode } : {});
				const tokens = await oidc.authorizationCodeGrant(configuration, arrived, expected);
				const claims = tokens.claims();
				assert.equal(claims.email, ALICE.claims.email);
				assert.equal(tokens.token_type, 'bearer');
				assert.ok(tokens.expiresIn() > 0);
				const info = await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub);
				assert.equal(info.preferred_username, 'alice');
				assert.deepEqual(info.address, ALICE.claims.address);
				await assert.rejects(oidc.authorizationCodeGrant(configuration, arrived instanceof Request ? await again(arrived, expected) : arrived, expected),
					(error) => error.error === 'invalid_grant' || error.code !== undefined);
			});
		}

		test('an error reaches it as an error, with iss checked', async () => {
			const { client, configuration } = await configure(name);
			const { arrived, expected } = await signIn(configuration, client, { decision: 'deny', prompt: 'consent' });
			await assert.rejects(oidc.authorizationCodeGrant(configuration, arrived, expected), { error: 'access_denied' });
		});

		test('a wrong verifier, then the right one', async () => {
			const { client, configuration } = await configure(name);
			const { arrived, expected } = await signIn(configuration, client);
			await assert.rejects(oidc.authorizationCodeGrant(configuration, arrived, { ...expected, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }),
				{ error: 'invalid_grant' });
			const tokens = await oidc.authorizationCodeGrant(configuration, arrived, expected);
			assert.ok(tokens.id_token);
		});
	});
}

/** A form_post arrival as a query, since a Request's body can be read once. */
async function again(arrived, expected) {
	const url = new URL(arrived.url);
	url.searchParams.set('code', 'used');
	url.searchParams.set('state', expected.expectedState);
	url.searchParams.set('iss', server.issuer);
	return url;
}

test('max_age is checked by auth_time', async () => {
	const { client, configuration } = await configure('basic');
	const { arrived, expected } = await signIn(configuration, client, { max_age: '300' });
	const tokens = await oidc.authorizationCodeGrant(configuration, arrived, { ...expected, maxAge: 300 });
	assert.ok(tokens.claims().auth_time > 0);
});

test('a wrong secret is invalid_client', async () => {
	const { client } = await configure('basic');
	const configuration = await oidc.discovery(new URL(server.issuer), client.client_id, undefined,
		oidc.ClientSecretBasic('x'.repeat(43)), { execute: [oidc.allowInsecureRequests] });
	const { arrived, expected } = await signIn(configuration, client);
	await assert.rejects(oidc.authorizationCodeGrant(configuration, arrived, expected), (error) => {
		assert.equal(error.status ?? error.cause?.status ?? error.response?.status, 401);
		return true;
	});
});

test('userinfo with a token that is none: a challenge that it understands', async () => {
	const { configuration } = await configure('basic');
	await assert.rejects(oidc.fetchUserInfo(configuration, 'garbage', oidc.skipSubjectCheck), (error) => {
		const [challenge] = error.cause;
		assert.equal(challenge.scheme, 'bearer');
		assert.equal(challenge.parameters.error, 'invalid_token');
		return true;
	});
});

test('discovery as an OAuth 2 server (RFC 8414) works too', async () => {
	const { configuration } = await configure('basic', 'oauth2');
	assert.equal(configuration.serverMetadata().issuer, server.issuer);
	assert.equal(configuration.serverMetadata().supportsPKCE(), true);
});
