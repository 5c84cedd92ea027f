// Passkeys in Chromium with its virtual authenticator: added in the account, used without a user name, copied, removed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { axe, launch, missingChromium, profile } from '../lib/chromium.mjs';
import { authorization, decode, redeem } from '../lib/client.mjs';
import { fillLogin, submit } from '../lib/pages.mjs';
import { startParty } from '../lib/party.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';

const BUTTON = { name: 'Sign in with a passkey' };

describe('passkeys', { skip: missingChromium }, () => {
	let server;
	let chromium;
	let party;

	before(async () => {
		[server, chromium, party] = await Promise.all([startServer(), launch(), startParty({})]);
		await server.addClient({ client_name: 'Application', redirect_uris: [`${party.origin}/callback`] });
	});
	after(async () => {
		await chromium?.close();
		await party?.stop();
		await server?.stop();
	});

	/** A profile with an authenticator. Its browser offers passkeys by the button alone, unless told otherwise. */
	async function device(options = {}) {
		const { context, complaints } = await profile(chromium);
		await context.addInitScript(() => Object.assign(globalThis.PublicKeyCredential ?? {}, { isConditionalMediationAvailable: async () => false }));
		const page = await context.newPage();
		const cdp = await context.newCDPSession(page);
		await cdp.send('WebAuthn.enable', { enableUI: false });
		const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
			options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, ...options },
		});
		const credentials = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
		return { context, complaints, page, cdp, authenticatorId, credentials };
	}

	async function signInByPassword(page, username = 'alice', password = PASSWORD) {
		await page.context().clearCookies();
		await page.goto(String(server.url('login')));
		await fillLogin(page, { username, password });
		await submit(page);
		await page.waitForURL((url) => !url.pathname.includes('/cgi-bin/'));
		await page.goto(`${server.issuer}/robots.txt`); // a page without a policy or scripts of its own
	}

	/** An endpoint of the account, called by a page of the issuer. */
	const call = (page, body) => page.evaluate(async ([url, fields]) => {
		const { csrf } = await (await fetch(url)).json();
		const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ csrf, ...fields }) });
		return { status: answer.status, ...await answer.json() };
	}, [String(server.url('account/passkeys')), body]);
	const list = (page) => page.evaluate(async (url) => (await (await fetch(url)).json()).passkeys, String(server.url('account/passkeys')));

	async function make(page) {
		const { options } = await call(page, { action: 'begin' });
		return page.evaluate(async (one) => {
			const { create } = await import('/account/passkeys_browser.js');
			return create(one);
		}, options);
	}

	async function register(page, name) {
		const fields = await make(page);
		return call(page, { action: 'register', name, ...fields });
	}

	/** From the application to the sign-in page, nobody being signed in. */
	async function start(page, more) {
		await page.context().clearCookies();
		const started = authorization(server, server.clients.Application, more);
		await page.goto(String(started.url));
		return started;
	}

	async function arrive(page, started) {
		await page.waitForURL((url) => url.pathname.endsWith('/consent') || url.origin === party.origin);
		if (page.url().includes('/consent'))
			await page.locator('button[value=allow]').click();
		await page.waitForURL(`${party.origin}/callback**`);
		const arrival = party.arrivals.find((one) => one.fields.get('state') === started.parameters.state);
		const answer = await redeem(server, { ...started, params: arrival.fields });
		assert.equal(answer.status, 200, answer.text);
		return decode(answer.json().id_token).payload;
	}

	const events = async (event) => Number(await sqlValue(server, `SELECT count(*) FROM audit WHERE event = '${event}'`));
	const alert = (page) => page.getByRole('alert').textContent();

	test('registered, used without a user name, copied, removed', async () => {
		const { context, complaints, page, credentials } = await device();
		await signInByPassword(page);
		const registered = await register(page, 'My laptop');
		assert.equal(registered.status, 200, JSON.stringify(registered));
		assert.equal(registered.passkey.name, 'My laptop');
		const [credential] = await credentials();
		assert.equal(credential.rpId, 'localhost');
		assert.ok(credential.isResidentCredential);
		assert.deepEqual((await list(page)).map((one) => [one.id, one.name, one.backed_up]), [[registered.passkey.id, 'My laptop', false]]);
		assert.equal(await events('factor.added'), 1);

		const renamed = await call(page, { action: 'rename', id: registered.passkey.id, name: 'Büro' });
		assert.equal(renamed.status, 200);
		assert.equal((await list(page))[0].name, 'Büro');

		// The same device is not taken twice.
		await assert.rejects(register(page, 'Again'), /InvalidStateError/);

		const started = await start(page, { scope: 'openid' });
		await page.getByRole('button', BUTTON).waitFor();
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', BUTTON).click();
		const claims = await arrive(page, started);
		assert.equal(claims.acr, 'aal2');
		assert.deepEqual(claims.amr, ['hwk', 'user', 'mfa']);

		// The same key elsewhere, which has counted further.
		await sql(server, 'UPDATE passkeys SET sign_count = 100000');
		await start(page);
		await page.getByRole('button', BUTTON).click();
		await page.waitForURL(/passkey=copied/);
		assert.match(await alert(page), /may have been copied/);
		assert.equal(await events('passkey.cloned'), 1);
		await sql(server, 'UPDATE passkeys SET sign_count = 1');
		await page.getByRole('button', BUTTON).click();
		await page.waitForURL((url) => !url.searchParams.has('passkey'));

		await signInByPasskey(page);
		// The last factor of somebody who must have one.
		await sql(server, 'UPDATE users SET second_factor_required = 1');
		const refused = await call(page, { action: 'remove', id: registered.passkey.id });
		assert.deepEqual([refused.status, refused.error, (await list(page)).length], [400, 'invalid_field', 1]);
		assert.match(refused.error_description, /last second factor/);
		await sql(server, 'UPDATE users SET second_factor_required = 0');

		const removed = await call(page, { action: 'remove', id: registered.passkey.id });
		assert.equal(removed.status, 200, JSON.stringify(removed));
		assert.deepEqual(await list(page), []);
		assert.equal((await call(page, { action: 'remove', id: registered.passkey.id })).status, 404);
		complaints.splice(0); // of that 404
		const failures = await events('login.failure');
		await start(page);
		await page.getByRole('button', BUTTON).click();
		await page.waitForURL(/passkey=failed/);
		assert.match(await alert(page), /does not sign in here/);
		assert.equal(await events('login.failure'), failures + 1);
		assert.deepEqual(complaints, []);
		await context.close();
	});

	/** Signs in at the server alone, by the passkey of this device. */
	async function signInByPasskey(page) {
		await page.context().clearCookies();
		await page.goto(String(server.url('login')));
		await page.getByRole('button', BUTTON).click();
		await page.waitForURL((url) => !url.pathname.includes('/cgi-bin/'));
		await page.goto(`${server.issuer}/robots.txt`); // a page without a policy or scripts of its own
	}

	test('offered among the user names, where the browser can', async () => {
		const { context, complaints, page, credentials } = await device();
		await signInByPassword(page);
		assert.equal((await register(page, 'Phone')).status, 200);
		assert.equal((await credentials()).length, 1);
		// The virtual device chooses the only one by itself.
		await context.addInitScript(() => Object.assign(globalThis.PublicKeyCredential ?? {}, { isConditionalMediationAvailable: async () => true }));
		const started = await start(page, { scope: 'openid' });
		assert.deepEqual((await arrive(page, started)).amr, ['hwk', 'user', 'mfa']);
		await sql(server, 'DELETE FROM passkeys');
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('what was signed counts once, in its own browser, for its own challenge', async () => {
		const { context, page } = await device();
		await signInByPassword(page);
		const fields = await make(page);
		const first = await call(page, { action: 'register', name: 'One', ...fields });
		assert.equal(first.status, 200);
		const again = await call(page, { action: 'register', name: 'Two', ...fields });
		assert.deepEqual([again.status, again.error], [400, 'invalid_field']);
		assert.equal((await list(page)).length, 1);

		// The form is sent twice at once: the second is too late.
		await start(page);
		let sent;
		await page.route('**/cgi-bin/passkey', async (route) => {
			sent = { body: route.request().postData(), headers: await route.request().allHeaders() };
			await route.continue();
		});
		await page.getByRole('button', BUTTON).click();
		await page.waitForURL((url) => url.pathname.endsWith('/consent') || url.origin === party.origin);
		const answer = await fetch(server.url('passkey'), { method: 'POST', redirect: 'manual', body: sent.body, headers: {
			cookie: sent.headers.cookie, 'content-type': 'application/x-www-form-urlencoded', origin: server.issuer } });
		assert.match(answer.headers.get('location') ?? String(answer.status), /passkey=failed|400/);
		assert.doesNotMatch(String(answer.headers.get('set-cookie')), /session/);
		await sql(server, 'DELETE FROM passkeys');
		await context.close();
	});

	test('a device that does not verify its user is refused, by itself or by the server', async () => {
		const { context, page, cdp, authenticatorId } = await device();
		await signInByPassword(page);
		assert.equal((await register(page, 'Key')).status, 200);
		await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
		await start(page);
		await page.getByRole('button', BUTTON).click();
		await page.getByText('No passkey was used.').waitFor();
		assert.ok(await page.getByRole('button', BUTTON).isEnabled());
		await sql(server, 'DELETE FROM passkeys');
		await context.close();
	});

	test('no button without JavaScript', async () => {
		const { context } = await profile(chromium, { javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(String(server.url('login')));
		assert.equal(await page.getByRole('button', BUTTON).count(), 0);
		await context.close();
	});
});
