// No secret is readable where it should not be: one run makes all that there are, then each is looked for everywhere.
import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';

import { accountGet, accountPost } from '../lib/account.mjs';
import { Authenticator } from '../lib/authenticator.mjs';
import { Browser, decide, finish, isLogin, reply, signIn } from '../lib/browser.mjs';
import { authorization, authorize, random, redeem, userinfo } from '../lib/client.mjs';
import { formsOf as htmlForms } from '../lib/html.mjs';
import { request } from '../lib/http.mjs';
import { dump, formsOf, linesWithWord, Places, placesOf } from '../lib/leaks.mjs';
import { waitForMail } from '../lib/mail.mjs';
import { ALICE, BOB, startServer } from '../lib/server.mjs';
import { call, introspect, refresh, revoke, sql, sqlValue } from '../lib/tokens.mjs';
import { fromBase32, totp } from '../lib/totp.mjs';

const PASSWORDS = {
	first: 'nineteen velvet harpoons & tea', changed: 'quarrelsome otters fly 7 kites', reset: 'übermütige Laternen im Moor 42',
	invited: 'mossy turbines hum at dawn', byOperator: 'glacial pumpkins sing off key', wrong: 'lopsided marzipan lighthouse', inNameField: 'typed-in-the-wrong-field',
	other: 'seventy damp accordions, uphill', tooWeak: 'passwordpassword1', meter: 'half a sentence for the meter',
};
const SCOPE = 'openid profile email offline_access';

let server;
let places;
const secrets = new Map(); // secret: what it is
const codes = new Set(); // of six digits

const note = (kind, ...values) => values.forEach((value) => {
	assert.ok(value?.length >= 10, `${kind}: ${value}`);
	secrets.set(value, kind);
});

/** Every page, redirect and cookie that a browser gets is read for secrets. */
async function transport(url, options) {
	const answer = await request(url, options);
	for (const line of answer.headers['set-cookie'] ?? []) {
		const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
		if (value)
			note(`cookie ${name}`, value);
	}
	for (const form of htmlForms(answer.text)) {
		for (const field of form.fields.filter(({ name }) => name === 'csrf'))
			note('CSRF token', field.value);
	}
	const challenge = /data-challenge="([^"]+)"/.exec(answer.text)?.[1];
	if (challenge)
		note('passkey challenge', challenge);
	const code = answer.location?.searchParams.get('code') ?? /name="code" value="([\w.-]{20,})"/.exec(answer.text)?.[1];
	if (code)
		note('authorization code', code);
	return answer;
}
const newBrowser = () => new Browser({ transport });

function noteTokens(answer) {
	assert.equal(answer.status, 200, answer.text);
	const tokens = answer.json();
	for (const kind of ['access_token', 'refresh_token', 'id_token']) {
		if (tokens[kind]) {
			note(kind, tokens[kind]);
			note(`last part of ${kind}`, tokens[kind].split('.').at(-1)); // what an ID before it does not give away
		}
	}
	return tokens;
}

/** A POST of the account page; its cookies are kept. */
async function act(browser, endpoint, body, status = 200) {
	const { csrf } = (await accountGet(server, browser, 'activity')).json();
	note('CSRF token', csrf);
	const answer = await accountPost(server, browser, endpoint, { csrf, ...body });
	assert.equal(answer.status, status, `${endpoint} ${answer.text}`);
	for (const line of answer.headers['set-cookie'] ?? [])
		note('cookie of the account', /=([^;]*)/.exec(line)[1]);
	browser.cookies.store(server.url(`account/${endpoint}`), answer.headers['set-cookie']);
	if (answer.json().csrf)
		note('CSRF token', answer.json().csrf);
	await places.keep();
	return answer.json();
}

const alice = (password) => ({ username: 'alice', password });
const forgetSteps = () => sql(server, 'UPDATE totp SET last_step = 0');

async function signedInto(browser, client, more, user, options) {
	const outcome = await authorize(server, browser, client, { scope: SCOPE, ...more }, { user, ...options });
	note('code verifier', outcome.verifier);
	return outcome;
}

async function tokens() {
	const { Web, Post, Public } = server.clients;
	note('client secret', Web.client_secret, Post.client_secret);
	const browser = newBrowser();
	const login = await browser.visit(authorization(server, Web).url);
	for (const user of [alice(PASSWORDS.wrong), { username: PASSWORDS.inNameField, password: PASSWORDS.first }, { username: PASSWORDS.wrong, password: PASSWORDS.wrong }])
		assert.ok(isLogin(await signIn(browser, login, user)));

	const outcome = await signedInto(browser, Web, {}, alice(PASSWORDS.first), { stay: true });
	assert.equal((await redeem(server, outcome, { fields: { code_verifier: `${outcome.verifier.slice(1)}x` } })).status, 400);
	const again = await signedInto(browser, Web, { response_mode: 'form_post' });
	const first = noteTokens(await redeem(server, again));
	assert.equal((await userinfo(server, first.access_token)).status, 200);
	assert.equal((await userinfo(server, first.refresh_token)).status, 401);
	assert.equal((await introspect(server, Web, first.access_token)).active, true);
	const second = noteTokens(await refresh(server, Web, first.refresh_token));
	const third = noteTokens(await refresh(server, Web, second.refresh_token));
	await places.keep();
	assert.equal((await refresh(server, Web, first.refresh_token)).status, 400); // reuse, which is told by mail
	assert.equal((await redeem(server, again)).status, 400); // replay
	assert.equal((await revoke(server, Web, third.refresh_token)).status, 200);
	const wrongSecret = `${Web.client_secret.slice(1)}x`;
	note('client secret', wrongSecret);
	assert.equal((await call(server, 'token', { ...Web, client_secret: wrongSecret }, { grant_type: 'client_credentials' })).status, 401);

	const open = noteTokens(await redeem(server, await signedInto(browser, Public)));

	// PAR with the secret in the body.
	const started = authorization(server, Post, { scope: SCOPE });
	note('code verifier', started.verifier);
	const pushed = await call(server, 'par', Post, started.parameters);
	assert.equal(pushed.status, 201, pushed.text);
	const uri = pushed.json().request_uri;
	note('request_uri', uri, uri.split(':').at(-1));
	await places.keep();
	const url = server.url('authorize', { client_id: Post.client_id, request_uri: uri });
	noteTokens(await redeem(server, { ...started, ...await finish(browser, await browser.visit(url), server.issuer, {}) }));
	assert.equal((await browser.visit(url)).status, 400); // used
	const { client_secret: rotated } = JSON.parse((await server.latchkey(['client', 'rotate-secret', Post.client_id, '--json'])).stdout);
	note('client secret', rotated);

	// Secrets where nobody expects them.
	for (const endpoint of ['authorize', 'login', 'consent', 'logout', 'jwks', 'userinfo', 'reset', 'not_me', 'account/profile', 'no_such_endpoint'])
		await browser.visit(server.url(endpoint, { password: PASSWORDS.first, access_token: open.access_token, token: open.refresh_token, client_secret: rotated }));
	await hints(browser, open.id_token);
	await assertion();
}

const WAITING = 'SELECT count(*) FROM flows WHERE id_token_hint IS NOT NULL';

/** A request that waits with its hint in the database; then it goes on to the end. */
async function waiting(browser, url, options) {
	const answer = await transport(url, { headers: { Cookie: browser.cookies.header(new URL(url)) }, ...options });
	assert.equal(answer.status, 303, answer.text);
	assert.equal(await sqlValue(server, WAITING), '1', 'it waits');
	await places.keep();
	browser.cookies.store(new URL(url), answer.headers['set-cookie']);
	const outcome = await finish(browser, await browser.visit(answer.location), server.issuer, {});
	assert.ok(outcome.params.get('code'), String(outcome.params));
	assert.equal(await sqlValue(server, WAITING), '0', 'read, and gone');
	return outcome;
}

/** ID tokens that come back: at /authorize by GET and POST, pushed, forged, and at logout. */
async function hints(browser, id_token) {
	const { Web } = server.clients;
	const started = authorization(server, Web, { id_token_hint: id_token, scope: SCOPE });
	noteTokens(await redeem(server, { ...started, ...await waiting(browser, started.url) }));
	await waiting(browser, server.url('authorize'), { form: authorization(server, Web, { id_token_hint: id_token }).parameters });

	// Of a pushed request nothing is readable; this one is not taken up, since a flow keeps its login_hint in clear.
	const hint = 'somebody.else@planted.example';
	note('login_hint of a pushed request', hint);
	const push = async (more) => {
		const { client_id, ...fields } = authorization(server, Web, { id_token_hint: id_token, ...more }).parameters;
		const answer = await call(server, 'par', Web, fields);
		assert.equal(answer.status, 201, answer.text);
		const { request_uri } = answer.json();
		note('request_uri', request_uri, request_uri.split(':').at(-1));
		await places.keep();
		return server.url('authorize', { client_id, request_uri });
	};
	await push({ login_hint: hint });
	assert.equal(await sqlValue(server, 'SELECT count(*) FROM pushed_requests'), '1');
	await waiting(browser, await push());

	const forged = `${id_token.slice(0, -8)}AAAAAAAA`;
	note('forged id_token', forged);
	const refused = reply(await browser.visit(authorization(server, Web, { id_token_hint: forged }).url), server.issuer);
	assert.equal(refused.params.get('error'), 'invalid_request');

	const page = await browser.visit(server.url('logout', { id_token_hint: id_token }));
	await places.keep();
	await decide(browser, page, 'allow');
	await places.keep();
}

async function assertion() {
	const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
	const client = await server.addClient({ client_name: 'Machine', token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'],
		jwks: { keys: [{ ...await exportJWK(publicKey), alg: 'ES256' }] } });
	const jti = random();
	const client_assertion = await new SignJWT({ jti }).setProtectedHeader({ alg: 'ES256' }).setIssuer(client.client_id).setSubject(client.client_id)
		.setAudience(server.issuer).setIssuedAt().setExpirationTime('1m').sign(privateKey);
	note('client assertion', client_assertion, client_assertion.split('.').at(-1), jti, (await exportJWK(privateKey)).d);
	const send = () => request(server.url('token'), { form: { grant_type: 'client_credentials', client_assertion,
		client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' } });
	noteTokens(await send());
	assert.equal((await send()).status, 401, 'used');
	await places.keep();
}

async function secondFactors() {
	const browser = newBrowser();
	await signedInto(browser, server.clients.Web, {}, alice(PASSWORDS.first));
	const { seed } = await act(browser, 'totp', { action: 'begin' });
	note('TOTP seed', seed, fromBase32(seed));
	const enter = async (code, more = {}) => {
		const other = newBrowser();
		const page = await signIn(other, await other.visit(authorization(server, server.clients.Web).url), alice(PASSWORDS.first));
		const form = htmlForms(page.text).find(({ fields }) => fields.some(({ name }) => name === 'code'));
		const answer = await other.submit(page, { fill: { code }, form, ...more });
		await places.keep();
		return answer;
	};
	const now = totp(seed);
	codes.add(now);
	const { recovery_codes: shown } = await act(browser, 'totp', { action: 'confirm', code: now });
	await forgetSteps();
	const code = totp(seed);
	const wrong = String((Number(code) + 500000) % 1000000).padStart(6, '0');
	codes.add(code).add(wrong);
	assert.equal((await enter(wrong)).status, 403);
	assert.notEqual((await enter(code)).status, 403);
	assert.equal((await enter(code)).status, 403); // used
	assert.notEqual((await enter(shown[0])).status, 403);
	assert.notEqual((await enter(shown[1].replaceAll('-', ''))).status, 403);
	assert.equal((await enter(shown[1])).status, 403); // used
	const { recovery_codes: made } = await act(browser, 'recovery_codes', { action: 'make' });
	assert.equal(new Set([...shown, ...made]).size, 20);
	for (const one of [...shown, ...made])
		note('recovery code', one, one.replaceAll('-', ''), one.replaceAll('-', '').toUpperCase());

	const { options } = await act(browser, 'passkeys', { action: 'begin' });
	note('passkey challenge', options.challenge);
	const authenticator = new Authenticator(server.issuer, 'localhost');
	const fields = authenticator.create(options);
	await act(browser, 'passkeys', { action: 'register', name: 'Planted passkey', ...fields });
	await act(browser, 'passkeys', { action: 'register', name: 'Twice', ...fields }, 400);
	const other = newBrowser();
	const page = await other.visit(authorization(server, server.clients.Web).url);
	const [, challenge] = /data-challenge="([^"]+)"/.exec(page.text);
	const form = htmlForms(page.text).find((one) => one.fields.some(({ name }) => name === 'credential_id'));
	const bad = await other.submit(page, { form, fill: authenticator.get(options.challenge) });
	assert.equal(bad.url.searchParams.get('passkey'), 'failed');
	const next = /data-challenge="([^"]+)"/.exec(bad.text)[1];
	assert.notEqual(next, challenge);
	const done = await other.submit(bad, { form: htmlForms(bad.text).find((one) => one.fields.some(({ name }) => name === 'credential_id')), fill: authenticator.get(next) });
	assert.ok((await finish(other, done, server.issuer, {})).params.get('code'));
	await act(browser, 'totp', { action: 'remove' });
	const [{ id }] = (await accountGet(server, browser, 'passkeys')).json().passkeys;
	await act(browser, 'passkeys', { action: 'remove', id });
}

/** An app that is set up on the way to an application. */
async function enrolling() {
	const browser = newBrowser();
	const user = { username: 'bob', password: PASSWORDS.other };
	const page = await signIn(browser, await browser.visit(authorization(server, server.clients.Web, { acr_values: 'aal2' }).url), user);
	const seed = /<code class="seed">([A-Z2-7 ]+)<\/code>/.exec(page.text)[1];
	const plain = seed.replaceAll(' ', '');
	note('TOTP seed of a sign-in', seed, plain, fromBase32(plain), htmlForms(page.text).flatMap(({ fields }) => fields).find(({ name }) => name === 'seed_mark').value);
	await places.keep();
	const code = totp(plain);
	codes.add(code);
	const done = await browser.submit(page, { fill: { code }, form: htmlForms(page.text).find(({ fields }) => fields.some(({ name }) => name === 'code')) });
	const shown = [...done.text.matchAll(/<li><code>([^<]+)<\/code>/g)].map((found) => found[1]);
	assert.equal(shown.length, 10, done.text);
	note('recovery code of a sign-in', ...shown, ...shown.map((one) => one.replaceAll('-', '')));
	const outcome = await finish(browser, await browser.submit(done), server.issuer, {});
	assert.ok(outcome.params.get('code'));
	await places.keep();
}

/** Opens the link of a mail that deliver sent. */
async function openLink(kind, to, skip = 0) {
	const { link } = await waitForMail(server, to, kind, { skip });
	const token = new URL(link).searchParams.get('token') ?? new URL(link).searchParams.get('invitation');
	note(`${kind} link`, token);
	await places.keep();
	const browser = newBrowser();
	const page = await browser.visit(link);
	assert.equal(page.status, 200);
	return { browser, page, link, token };
}

async function passwordsAndLinks() {
	const browser = newBrowser();
	await signedInto(browser, server.clients.Web, {}, alice(PASSWORDS.first));
	await act(browser, 'password', { action: 'check', password: PASSWORDS.meter });
	await act(browser, 'password', { action: 'change', password: PASSWORDS.tooWeak }, 400);
	await act(browser, 'password', { action: 'change', password: PASSWORDS.changed });
	const { version } = (await accountGet(server, browser, 'profile')).json();
	await act(browser, 'email', { action: 'change', version, email: 'planted@example.org' });
	const proof = await openLink('verify_email', 'planted@example.org');
	assert.equal((await proof.browser.submit(proof.page)).status, 200);

	// The browsers before were hers: this one is told.
	await sql(server, 'UPDATE devices SET created_at = created_at - 100');
	await signedInto(newBrowser(), server.clients.Web, {}, alice(PASSWORDS.changed));
	const device = await openLink('new_device', 'planted@example.org');
	assert.equal((await device.browser.submit(device.page)).status, 200);

	const forgetful = newBrowser();
	await forgetful.submit(await forgetful.visit(server.url('reset')), { fill: { account: 'alice' } });
	const reset = await openLink('reset_password', 'planted@example.org');
	assert.equal((await reset.browser.submit(reset.page, { fill: { password: PASSWORDS.tooWeak } })).status, 400);
	assert.equal((await reset.browser.submit(reset.page, { fill: { password: PASSWORDS.reset } })).status, 200);
	assert.equal((await reset.browser.visit(server.url('reset', { token: reset.token }))).status, 404); // used
	await signedInto(newBrowser(), server.clients.Web, {}, alice(PASSWORDS.reset));
	await server.latchkey(['user', 'set-password', 'alice', '--password-stdin'], { input: `${PASSWORDS.byOperator}\n` });

	const { url } = JSON.parse((await server.latchkey(['invitation', 'add', '--json', '--email', 'gerda@example.org'])).stdout);
	note('invitation', new URL(url).searchParams.get('invitation'));
	const guest = newBrowser();
	const answer = await guest.submit(await guest.visit(url), { fill: { username: 'gerda', password: PASSWORDS.invited } });
	assert.ok(answer.status < 400 || answer.url.pathname.endsWith('/account/'), `${answer.status} ${answer.url}`);
	await guest.visit(url); // used

	await server.configure({ signup: 'on', signup_domains: 'example.org' });
	const newcomer = newBrowser();
	await newcomer.submit(await newcomer.visit(server.url('signup')), { fill: { email: 'newcomer@example.org' } });
	const proven = await openLink('signup', 'newcomer@example.org');
	await proven.browser.submit(proven.page, { fill: { username: 'newcomer', password: PASSWORDS.invited } });
	await proven.browser.visit(proven.link); // used
	await places.keep();
}

before(async () => {
	server = await startServer({
		users: [{ ...ALICE, password: PASSWORDS.first }, { ...BOB, password: PASSWORDS.other }],
		// Limits are on, so that what they count by is stored.
		settings: { log_level: 'debug', signup: 'invitation', login_limit_account: 1000, login_limit_address: 1000, signup_limit_address: 1000, flow_limit_address: 1000, mail_limit_address: 1000, second_factor_limit: 1000 },
	});
	places = new Places(server);
	const grant_types = ['authorization_code', 'refresh_token'];
	for (const [client_name, more] of [['Web', { consent: 'none' }], ['Post', { consent: 'none', token_endpoint_auth_method: 'client_secret_post' }], ['Public', { token_endpoint_auth_method: 'none' }]])
		await server.addClient({ client_name, grant_types, redirect_uris: [`https://${client_name.toLowerCase()}.example/cb`], ...more });
	for (const [kind, password] of Object.entries(PASSWORDS))
		note(`password ${kind}`, password);
	await tokens();
	await secondFactors();
	await enrolling();
	await passwordsAndLinks();
	await server.quiet();
});
after(() => server?.stop());

test('the run made every kind of secret', () => {
	const kinds = [...new Set(secrets.values())].join('\n');
	for (const kind of ['authorization code', 'code verifier', 'access_token', 'refresh_token', 'id_token', 'client secret', 'CSRF token', 'TOTP seed', 'recovery code', 'TOTP seed of a sign-in', 'recovery code of a sign-in',
		'passkey challenge', 'client assertion', 'forged id_token', 'reset_password link', 'verify_email link', 'new_device link', 'signup link', 'invitation', 'request_uri', /^cookie .*session/m, /^cookie .*flow/m, /^cookie .*device/m])
		assert.match(kinds, kind instanceof RegExp ? kind : new RegExp(`^${kind}$`, 'm'));
	assert.ok(codes.size >= 2);
});

test('none of them is in the database, the log, the output or the audit log', async () => {
	const all = await places.all();
	assert.ok([...all.keys()].some((name) => name.includes('-wal')) && [...all.keys()].some((name) => name.includes('-shm')));
	const found = [...secrets].map(([secret, kind]) => `${kind} ${secret}: ${placesOf(secret, all)}`).filter((line) => !line.endsWith(': '));
	assert.deepEqual(found, []);
});

test('nor a code of six digits', async () => {
	const rows = await dump(server);
	const log = (await server.log()).map((line) => line.text);
	const audit = (await server.latchkey(['audit', '--json'])).stdout.split(/[\n,]/);
	for (const code of codes)
		assert.deepEqual([rows, log, audit].map((lines) => linesWithWord(code, lines)), [[], [], []], code);
});

test('what is there would be found, in any form', async () => {
	let all = await places.all();
	const where = (text) => placesOf(text, all).map((place) => place.split('.')[0]);
	assert.ok(where(ALICE.claims.name).includes('latchkey'));
	assert.ok(where('Planted passkey').includes('latchkey'));
	assert.ok(where(server.clients.Public.client_id).includes('audit'));
	assert.ok(where('authorize[').includes('log'));
	assert.ok(all.get('output').length > 0);
	const planted = 'a secret planted by the test';
	assert.deepEqual(where(planted), []);
	for (const form of formsOf(planted)) {
		await sql(server, `UPDATE user_claims SET value = CAST(x'${form.toString('hex')}' AS TEXT) WHERE name = 'locale'`);
		places.database.clear();
		all = await places.all();
		assert.ok(where(planted).includes('latchkey'), form.toString());
	}
	await sql(server, `UPDATE user_claims SET value = '123456' WHERE name = 'locale'`);
	assert.equal(linesWithWord('123456', await dump(server)).length, 1);
	await appendFile(path.join(server.directory, 'latchkey.log'), `2026-01-01T00:00:00Z token[1] - info: it was ${planted} and 123456\n`);
	all = await places.all();
	assert.ok(where(planted).includes('log'));
	assert.equal(linesWithWord('123456', (await server.log()).map((line) => line.text)).length, 1);
});
