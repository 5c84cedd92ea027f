// Tokens for APIs: client_credentials, the resource parameter at both ends, registered scopes and what the consent page says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';

import { Browser, finish, isConsent, isLogin, signIn } from '../lib/browser.mjs';
import { authorization, authorize, decode, redeem, userinfo } from '../lib/client.mjs';
import { textOf } from '../lib/html.mjs';
import { basic, request } from '../lib/http.mjs';
import { ALICE, startServer } from '../lib/server.mjs';

const ORGS = 'https://orgs.example/api';
const FILES = 'https://files.example'; // parsers of URLs write it with a slash at its end
const SCOPE = 'openid profile offline_access manage orgs:list read:organization:* files:read';

let server;
let web;
let worker;
let ignoring;
let spa;
let jwks;

before(async () => {
	server = await startServer();
	const cli = (...args) => server.latchkey([...args, '--json']);
	await cli('resource', 'add', ORGS, '--name', 'Organisations', '--access-token-seconds', '90');
	await cli('resource', 'add', FILES, '--name', 'Files & <b>more</b>', '--access-token-seconds', '300');
	await cli('resource', 'add', 'plain-api', '--name', 'Plain');
	await cli('scope', 'add', 'orgs:list', '--description', 'List your organisations.', '--resource', ORGS);
	await cli('scope', 'add', 'read:organization:*', '--description', 'Read the organisation {1}.', '--resource', ORGS);
	await cli('scope', 'add', 'files:read', '--description', 'Read your <files>.', '--resource', FILES);
	await cli('scope', 'add', 'manage', '--description', 'Manage this server.');
	await cli('scope', 'add', 'secret', '--description', 'Nobody may.');
	const add = (name, more) => server.addClient({ client_name: name, redirect_uris: [`https://${name.toLowerCase()}.example/cb`], scope: SCOPE,
		grant_types: ['authorization_code', 'refresh_token'], ...more });
	web = await add('Web', { consent: 'none' });
	spa = await add('Spa', { token_endpoint_auth_method: 'none' });
	ignoring = await add('Ignoring', { consent: 'none', resource_handling: 'ignore' });
	worker = await add('Worker', { redirect_uris: [], grant_types: ['client_credentials'] });
	jwks = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
});
after(() => server?.stop());

const aud = (token) => decode(token).payload.aud;
const words = (text) => text.split(' ').filter(Boolean).sort();

/** A token request of a confidential client; fields as pairs, so that one can repeat. */
async function token(client, fields) {
	return request(server.url('token'), { form: Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
		headers: { Authorization: basic(client.client_id, client.client_secret) } });
}

const credentials = (fields = {}, client = worker) => token(client, { grant_type: 'client_credentials', ...fields });

function assertError(answer, error, status = 400) {
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.json().error, error, answer.text);
	assert.match(answer.json().error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
	assert.match(answer.headers['cache-control'], /no-store/);
}

function granted(answer) {
	assert.equal(answer.status, 200, answer.text);
	return answer.json();
}

describe('client_credentials', () => {
	test('by openid-client, with scope and resource', async () => {
		const configuration = await oidc.discovery(new URL(server.issuer), worker.client_id, worker.client_secret, undefined,
			{ execute: [oidc.allowInsecureRequests] });
		const tokens = await oidc.clientCredentialsGrant(configuration, { scope: 'orgs:list read:organization:acme', resource: ORGS });
		assert.equal(tokens.expires_in, 90);
		const { payload, protectedHeader } = await jwtVerify(tokens.access_token, jwks, { issuer: server.issuer, audience: ORGS });
		assert.equal(protectedHeader.typ, 'at+jwt');
		assert.deepEqual(payload, { iss: server.issuer, sub: worker.client_id, client_id: worker.client_id, aud: ORGS, iat: payload.iat,
			exp: payload.iat + 90, jti: payload.jti, scope: 'orgs:list read:organization:acme' });
	});

	test('no ID token, no refresh token, no userinfo', async () => {
		const tokens = granted(await credentials({ scope: 'openid manage' }));
		assert.deepEqual(Object.keys(tokens).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
		assert.equal(tokens.scope, 'manage');
		assert.equal(tokens.expires_in, 600);
		assert.equal(aud(tokens.access_token), server.issuer);
		assert.equal((await userinfo(server, tokens.access_token)).status, 401);
	});

	test('scope: what is registered and allowed; patterns only where a value is asked for', async () => {
		const rows = [
			[{}, 'files:read manage orgs:list'],
			[{ resource: ORGS }, 'orgs:list'],
			[{ resource: [ORGS, FILES] }, 'files:read orgs:list'],
			[{ resource: server.issuer }, 'manage'],
			[{ scope: 'read:organization:acme' }, 'read:organization:acme'],
			[{ scope: 'read:organization:acme unknown secret' }, 'read:organization:acme'],
			[{ scope: 'openid profile offline_access' }, ''],
			[{ scope: 'files:read', resource: ORGS }, ''],
			[{ audience: 'plain-api' }, ''],
		];
		for (const [fields, scope] of rows)
			assert.deepEqual(words(granted(await credentials(fields)).scope), words(scope), JSON.stringify(fields));
		for (const scope of ['secret', 'unknown', 'read:organization:*', 'read:organization:a:b', 'read:organization:', `read:organization:${'x'.repeat(101)}`])
			assertError(await credentials({ scope }), 'invalid_scope');
	});

	test('audience: an alias of resource, any registered name', async () => {
		assert.equal(aud(granted(await credentials({ audience: 'plain-api' })).access_token), 'plain-api');
		assert.deepEqual(aud(granted(await credentials({ audience: 'plain-api', resource: ORGS })).access_token), [ORGS, 'plain-api']);
		assert.deepEqual(aud(granted(await credentials({ audience: ORGS })).access_token), ORGS);
		const several = granted(await credentials({ resource: [FILES, ORGS, FILES] }));
		assert.deepEqual(aud(several.access_token), [FILES, ORGS]);
		assert.equal(several.expires_in, 90, 'the shortest life');
		assert.equal(granted(await credentials({ resource: FILES })).expires_in, 300);
		assert.equal(aud(granted(await credentials({ resource: `${FILES}/` })).access_token), FILES, 'as it is registered');
	});

	test('invalid_target (RFC 8707 2)', async () => {
		for (const fields of [{ resource: 'https://unknown.example/' }, { resource: [ORGS, 'https://unknown.example/'] }, { audience: 'unknown' },
			{ resource: `${ORGS}#x` }, { resource: 'plain-api' }, { resource: `${ORGS} ${FILES}` }, { resource: 'höh' }, { resource: `${ORGS}/` },
			{ audience: `${ORGS} ${FILES}` }, { resource: Array.from({ length: 9 }, () => ORGS) }])
			assertError(await credentials(fields), 'invalid_target');
		assertError(await credentials({ audience: [ORGS, FILES] }), 'invalid_request');
		// Not for who is not concerned.
		const tokens = granted(await credentials({ resource: 'https://unknown.example/', scope: 'manage' },
			await server.addClient({ client_name: 'Deaf', grant_types: ['client_credentials'], scope: 'manage', resource_handling: 'ignore' })));
		assert.equal(aud(tokens.access_token), server.issuer);
	});

	test('only for clients with this grant type that authenticate', async () => {
		assertError(await credentials({}, web), 'unauthorized_client');
		assertError(await request(server.url('token'), { form: { grant_type: 'client_credentials', client_id: spa.client_id } }), 'unauthorized_client');
		assertError(await credentials({}, { ...worker, client_secret: 'x'.repeat(43) }), 'invalid_client', 401);
		const { code, stderr } = await server.latchkey(['client', 'add', '--token-endpoint-auth-method', 'none', '--grant-types', 'client_credentials'], { fails: true });
		assert.equal(code, 1);
		assert.match(stderr, /confidential/);
	});

	test('opaque tokens; introspection knows audience, scope and client', async () => {
		const opaque = await server.addClient({ client_name: 'Opaque', grant_types: ['client_credentials'], scope: 'orgs:list', access_token_format: 'opaque' });
		const { access_token } = granted(await credentials({ resource: ORGS }, opaque));
		assert.equal(access_token.split('.').length, 1);
		const answer = (await request(server.url('introspect'), { form: { token: access_token },
			headers: { Authorization: basic(opaque.client_id, opaque.client_secret) } })).json();
		assert.equal(answer.active, true);
		assert.equal(answer.client_id, opaque.client_id);
		assert.equal(answer.sub, opaque.client_id);
		assert.equal(answer.scope, 'orgs:list');
		assert.deepEqual([answer.aud].flat(), [ORGS]);
	});

	test('32 at once all succeed; the audit log has a row for the first of a minute', async () => {
		const busy = await server.addClient({ client_name: 'Busy', grant_types: ['client_credentials'], scope: 'manage' });
		const answers = await Promise.all(Array.from({ length: 32 }, () => credentials({}, busy)));
		assert.equal(new Set(answers.map((answer) => granted(answer).access_token)).size, 32);
		const { stdout } = await server.latchkey(['audit', '--json', '--client', busy.client_id]);
		const events = stdout.split('\n').filter((line) => line.includes('client_credentials.issued'));
		assert.ok(events.length >= 1 && events.length <= 2, stdout);
	});
});

describe('with a user', () => {
	test('resource at both ends: the audience is the resource, the scope what belongs to it; the ID token is as ever', async () => {
		const browser = new Browser();
		const outcome = await authorize(server, browser, web, { scope: 'openid profile manage orgs:list files:read', resource: ORGS });
		const tokens = granted(await redeem(server, outcome, { fields: { resource: ORGS } }));
		const { payload } = await jwtVerify(tokens.access_token, jwks, { audience: ORGS });
		assert.equal(payload.aud, ORGS, 'one string');
		assert.equal(payload.scope, 'orgs:list');
		assert.equal(tokens.scope, 'orgs:list');
		assert.equal(tokens.expires_in, 90);
		assert.equal(payload.exp - payload.iat, 90);
		const id = decode(tokens.id_token).payload;
		assert.equal(id.aud, web.client_id);
		assert.equal(id.name, ALICE.claims.name);
		assert.equal(id.exp - id.iat, 3600);
		assert.equal((await userinfo(server, tokens.access_token)).status, 401, 'an API cannot read what the user told the client');
	});

	test('resource at authorize alone: all of the grant\'s; none at all: the issuer', async () => {
		const browser = new Browser();
		const one = granted(await redeem(server, await authorize(server, browser, web, { resource: FILES })));
		assert.equal(aud(one.access_token), FILES);
		const none = granted(await redeem(server, await authorize(server, browser, web, { scope: 'openid orgs:list manage' })));
		assert.equal(aud(none.access_token), server.issuer);
		assert.deepEqual(words(none.scope), ['manage', 'openid', 'orgs:list']);
		assert.equal(none.expires_in, 600);
		assert.equal((await userinfo(server, none.access_token)).status, 200);
	});

	test('openid-client', async () => {
		const configuration = await oidc.discovery(new URL(server.issuer), web.client_id, web.client_secret, undefined, { execute: [oidc.allowInsecureRequests] });
		const verifier = oidc.randomPKCECodeVerifier();
		const expected = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), idTokenExpected: true };
		const url = oidc.buildAuthorizationUrl(configuration, { redirect_uri: web.redirect_uris[0], scope: 'openid orgs:list', state: expected.expectedState,
			code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', resource: ORGS });
		const browser = new Browser();
		const outcome = await finish(browser, await browser.visit(url), server.issuer, { user: server.users.alice });
		const tokens = await oidc.authorizationCodeGrant(configuration, outcome.url, expected, { resource: ORGS });
		assert.equal(aud(tokens.access_token), ORGS);
		const next = await oidc.refreshTokenGrant(configuration, tokens.refresh_token, { resource: ORGS });
		assert.equal(aud(next.access_token), ORGS);
		assert.equal(next.scope, 'orgs:list');
	});

	test('several resources, and fewer of them at token and refresh', async () => {
		const scope = 'openid orgs:list files:read manage';
		const browser = new Browser();
		const begun = authorization(server, web, { scope, resource: ORGS });
		begun.url.searchParams.append('resource', FILES);
		begun.url.searchParams.append('resource', server.issuer);
		const outcome = { ...begun, ...await finish(browser, await browser.visit(begun.url), server.issuer, { user: server.users.alice }) };

		const first = granted(await redeem(server, outcome, { fields: { resource: FILES } }));
		assert.equal(aud(first.access_token), FILES);
		assert.equal(first.scope, 'files:read');
		assert.equal(first.expires_in, 300);
		let refresh = first.refresh_token;
		const next = async (fields) => {
			const tokens = granted(await token(web, { grant_type: 'refresh_token', refresh_token: refresh, ...fields }));
			refresh = tokens.refresh_token;
			return tokens;
		};
		const all = await next({});
		assert.deepEqual(aud(all.access_token), [ORGS, FILES, server.issuer]);
		assert.deepEqual(words(all.scope), words(scope));
		assert.equal(all.expires_in, 90);
		const mine = await next({ resource: server.issuer });
		assert.equal(aud(mine.access_token), server.issuer);
		assert.deepEqual(words(mine.scope), ['manage', 'openid']);
		assert.equal((await userinfo(server, mine.access_token)).status, 200);
		// Scope narrowed for one access token, and wide again.
		const narrow = await next({ scope: 'orgs:list', resource: ORGS });
		assert.equal(narrow.scope, 'orgs:list');
		assert.equal(narrow.id_token, undefined);
		assert.equal((await next({ scope: 'files:read', resource: ORGS })).scope, '');
		assert.deepEqual(words((await next({})).scope), words(scope));
		// Wider is refused, and the refresh token lives on.
		assertError(await token(web, { grant_type: 'refresh_token', refresh_token: refresh, scope: `${scope} read:organization:acme` }), 'invalid_scope');
		assertError(await token(web, { grant_type: 'refresh_token', refresh_token: refresh, resource: 'https://unknown.example/' }), 'invalid_target');
		assert.deepEqual(aud((await next({ resource: [FILES, ORGS] })).access_token), [FILES, ORGS]);
	});

	test('invalid_target: unknown at authorize; not asked for there at token, and the code is not burnt', async () => {
		const browser = new Browser();
		const refused = await authorize(server, browser, web, { resource: 'https://unknown.example/' });
		assert.equal(refused.params.get('error'), 'invalid_target');
		assert.equal(refused.params.get('state'), refused.parameters.state);
		const outcome = await authorize(server, browser, web, { resource: ORGS });
		for (const resource of [FILES, server.issuer, 'https://unknown.example/', 'nonsense'])
			assertError(await redeem(server, outcome, { fields: { resource } }), 'invalid_target');
		assert.equal((await redeem(server, outcome, { fields: { resource: ORGS } })).status, 200);
		const without = await authorize(server, browser, web);
		assertError(await redeem(server, without, { fields: { resource: ORGS } }), 'invalid_target');
		assert.equal((await redeem(server, without, { fields: { resource: server.issuer } })).status, 200);
	});

	test('the resource says what its tokens are signed with, the client what its ID tokens are', async (t) => {
		const { code, stderr } = await server.latchkey(['key', 'rotate', '--alg', 'ES256'], { fails: true });
		if (code !== 0)
			return t.skip(stderr);
		await server.latchkey(['resource', 'add', 'https://curves.example/', '--name', 'Curves', '--signing-alg', 'ES256']);
		const browser = new Browser();
		const tokens = granted(await redeem(server, await authorize(server, browser, web, { resource: 'https://curves.example/' })));
		const fresh = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
		assert.equal((await jwtVerify(tokens.access_token, fresh, { audience: 'https://curves.example/' })).protectedHeader.alg, 'ES256');
		assert.equal((await jwtVerify(tokens.id_token, fresh)).protectedHeader.alg, 'RS256');
		const two = authorization(server, web, { resource: ORGS });
		two.url.searchParams.append('resource', 'https://curves.example/');
		const outcome = { ...two, ...await finish(browser, await browser.visit(two.url), server.issuer, { user: server.users.alice }) };
		assert.equal(decode(granted(await redeem(server, outcome)).access_token).header.alg, 'RS256', 'of the first');
		return undefined;
	});

	test('by PAR', async () => {
		const { verifier, parameters } = authorization(server, web, { scope: 'openid orgs:list files:read' });
		const form = [...Object.entries(parameters), ['resource', ORGS], ['resource', FILES]];
		const headers = { Authorization: basic(web.client_id, web.client_secret) };
		const pushed = await request(server.url('par'), { form, headers });
		assert.equal(pushed.status, 201, pushed.text);
		const browser = new Browser();
		const url = server.url('authorize', { client_id: web.client_id, request_uri: pushed.json().request_uri });
		const outcome = await finish(browser, await browser.visit(url), server.issuer, { user: server.users.alice });
		const tokens = granted(await redeem(server, { ...outcome, verifier, parameters, client: web }));
		assert.deepEqual(aud(tokens.access_token), [ORGS, FILES]);
		assertError(await request(server.url('par'), { form: [...Object.entries(parameters), ['resource', 'https://unknown.example/']], headers }), 'invalid_target');
	});

	test('resource_handling=ignore: as if nothing had been sent, at both ends', async () => {
		const outcome = await authorize(server, new Browser(), ignoring, { resource: 'https://graph.example/' });
		const tokens = granted(await redeem(server, outcome, { fields: { resource: 'https://graph.example/' } }));
		assert.equal(aud(tokens.access_token), server.issuer);
		assert.equal((await userinfo(server, tokens.access_token)).status, 200);
	});
});

describe('the consent page', () => {
	async function consentPage(browser, more) {
		let page = await browser.visit(authorization(server, spa, more).url);
		if (isLogin(page))
			page = await signIn(browser, page, server.users.alice);
		assert.ok(isConsent(page), `${page.status} ${page.url} ${page.text.slice(0, 300)}`);
		return page;
	}

	test('shows what the operator wrote, dynamic parts filled in, nothing as markup', async () => {
		const page = await consentPage(new Browser(), { scope: 'openid files:read read:organization:<b>acme</b> unknown secret read:organization:*', resource: FILES });
		const text = textOf(page.text);
		assert.match(text, /Read your <files>\./);
		assert.match(text, /Read the organisation <b>acme<\/b>\./);
		assert.match(text, /Use Files & <b>more<\/b> in your name\./);
		assert.doesNotMatch(text, /unknown|Nobody may|\{1\}|organization:\*/);
		assert.doesNotMatch(page.text, /<b>|<files>/);
	});

	test('a resource is asked for by itself, once', async () => {
		const browser = new Browser();
		const pages = async (more) => (await authorize(server, browser, spa, more)).pages;
		assert.deepEqual(await pages({ scope: 'openid' }), ['login', 'consent']);
		assert.deepEqual(await pages({ scope: 'openid' }), []);
		const silent = await authorize(server, browser, spa, { scope: 'openid', resource: ORGS, prompt: 'none' });
		assert.equal(silent.params.get('error'), 'consent_required');
		assert.deepEqual(await pages({ scope: 'openid', resource: ORGS }), ['consent']);
		assert.deepEqual(await pages({ scope: 'openid', resource: ORGS }), []);
		assert.deepEqual(await pages({ scope: 'openid', resource: server.issuer }), []);
		assert.deepEqual(await pages({ scope: 'openid read:organization:one', resource: ORGS }), ['consent']);
		assert.deepEqual(await pages({ scope: 'openid read:organization:one', resource: ORGS }), []);
		assert.deepEqual(await pages({ scope: 'openid read:organization:two', resource: ORGS }), ['consent']);
	});
});

describe('the command line', () => {
	const json = async (...args) => JSON.parse((await server.latchkey([...args, '--json'])).stdout);
	const fails = async (pattern, ...args) => {
		const { code, stderr } = await server.latchkey(args, { fails: true });
		assert.notEqual(code, 0, args.join(' '));
		assert.match(stderr, pattern);
	};

	test('resources: add, list, show, remove', async () => {
		const added = await json('resource', 'add', 'https://cli.example/', '--name', 'CLI', '--client-id', worker.client_id, '--access-token-seconds', '60', '--signing-alg', 'RS256');
		assert.deepEqual(added, { resource: 'https://cli.example/', name: 'CLI', client_id: worker.client_id, access_token_seconds: 60, signing_alg: 'RS256', created_at: added.created_at });
		assert.deepEqual(await json('resource', 'show', 'https://cli.example/'), added);
		assert.deepEqual((await json('resource', 'list')).find((one) => one.resource === added.resource), added);
		await fails(/already/, 'resource', 'add', 'https://cli.example/', '--name', 'Again');
		await fails(/fragment/, 'resource', 'add', 'https://cli.example/#x', '--name', 'X');
		await fails(/issuer/, 'resource', 'add', server.issuer, '--name', 'X');
		await fails(/--name is missing/, 'resource', 'add', 'https://x.example/');
		await fails(/--name must/, 'resource', 'add', 'https://x.example/', '--name', 'a\nb');
		await fails(/no client/, 'resource', 'add', 'https://x.example/', '--name', 'X', '--client-id', 'nobody');
		await fails(/1 to 86400/, 'resource', 'add', 'https://x.example/', '--name', 'X', '--access-token-seconds', '0');
		await fails(/No key signs with none/, 'resource', 'add', 'https://x.example/', '--name', 'X', '--signing-alg', 'none');
		await fails(/no resource/, 'resource', 'show', 'https://x.example/');
		assert.match((await server.latchkey(['resource', 'list'])).stdout, /RESOURCE +NAME/);
		await json('scope', 'add', 'cli:scope', '--description', 'X', '--resource', 'https://cli.example/');
		assert.deepEqual(await json('resource', 'remove', 'https://cli.example/'), { resource: 'https://cli.example/' });
		await fails(/no resource/, 'resource', 'remove', 'https://cli.example/');
		assert.equal((await json('scope', 'list')).some((one) => one.scope === 'cli:scope'), false);
	});

	test('scopes: add, list, remove', async () => {
		const added = await json('scope', 'add', 'cli:*:read', '--description', 'Read {1}.');
		assert.deepEqual(added, { scope: 'cli:*:read', description: 'Read {1}.', created_at: added.created_at });
		assert.deepEqual((await json('scope', 'list')).find((one) => one.scope === added.scope), added);
		await fails(/already/, 'scope', 'add', 'cli:*:read', '--description', 'Again');
		await fails(/OpenID Connect/, 'scope', 'add', 'email', '--description', 'X');
		await fails(/visible ASCII/, 'scope', 'add', 'a b', '--description', 'X');
		await fails(/whole part/, 'scope', 'add', 'read:x*', '--description', 'X');
		await fails(/begin with a part/, 'scope', 'add', '*', '--description', 'X');
		await fails(/--description is missing/, 'scope', 'add', 'cli:x');
		await fails(/has no \*/, 'scope', 'add', 'cli:x', '--description', '{1}');
		await fails(/no resource/, 'scope', 'add', 'cli:x', '--description', 'X', '--resource', 'https://nobody.example/');
		assert.match((await server.latchkey(['scope', 'list'])).stdout, /SCOPE +DESCRIPTION +RESOURCE/);
		assert.deepEqual(await json('scope', 'remove', 'cli:*:read'), { scope: 'cli:*:read' });
		await fails(/no scope/, 'scope', 'remove', 'cli:*:read');
	});

	test('what was removed ends for tokens to come', async () => {
		await json('resource', 'add', 'https://gone.example/', '--name', 'Gone');
		await json('scope', 'add', 'gone', '--description', 'X');
		const client = await server.addClient({ client_name: 'Gone', consent: 'none', scope: 'openid gone', redirect_uris: ['https://gone.example/cb'],
			grant_types: ['authorization_code', 'refresh_token'] });
		const browser = new Browser();
		const first = granted(await redeem(server, await authorize(server, browser, client, { scope: 'openid gone' })));
		assert.deepEqual(words(first.scope), ['gone', 'openid']);
		const second = granted(await redeem(server, await authorize(server, browser, client, { resource: 'https://gone.example/' })));
		await json('scope', 'remove', 'gone');
		await json('resource', 'remove', 'https://gone.example/');
		assert.equal(granted(await token(client, { grant_type: 'refresh_token', refresh_token: first.refresh_token })).scope, 'openid');
		assertError(await token(client, { grant_type: 'refresh_token', refresh_token: second.refresh_token }), 'invalid_target');
	});
});
