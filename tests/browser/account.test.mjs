// The account page as a person uses it, with the real endpoints behind it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { SECTIONS, TITLES, answer, go as goTo, gone, open as openAt, said, shown } from '../lib/account_page.mjs';
import { axe, launch, missingChromium, overflow, profile } from '../lib/chromium.mjs';
import { authorization, redeem } from '../lib/client.mjs';
import { basic, request } from '../lib/http.mjs';
import { fillLogin, submit } from '../lib/pages.mjs';
import { startParty } from '../lib/party.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';
import { sql } from '../lib/tokens.mjs';
import { totp } from '../lib/totp.mjs';
import { until } from '../lib/wait.mjs';

describe('the account page', { skip: missingChromium }, () => {
	let server;
	let chromium;
	let party;
	let users = 0;

	before(async () => {
		[server, chromium, party] = await Promise.all([startServer(), launch(), startParty({ host: '127.0.0.1' })]);
		await server.addClient({ client_name: 'Photo Book', redirect_uris: [`${party.origin}/callback`], grant_types: ['authorization_code', 'refresh_token'] });
	});
	after(async () => {
		await chromium?.close();
		await party?.stop();
		await server?.stop();
	});

	/** A new user, so that no test meets what another did. */
	async function newUser() {
		const user = { username: `user${++users}`, password: PASSWORD, claims: { name: `User ${users}`, given_name: 'User' } };
		await server.addUser(user);
		return user;
	}

	const open = (context, user, section) => openAt(server, context, user, section);
	const go = (page, section) => goTo(server, page, section);

	/** The application gets tokens for who is signed in. */
	async function grant(page) {
		const started = authorization(server, server.clients['Photo Book'], { scope: 'openid profile offline_access', prompt: 'consent' });
		await page.goto(String(started.url));
		await page.locator('button[value=allow]').click();
		const arrival = await until('the code arrives', () => party.arrivals.find((one) => one.fields.get('state') === started.parameters.state));
		const tokens = await redeem(server, { ...started, params: arrival.fields });
		assert.equal(tokens.status, 200, tokens.text);
		return tokens.json();
	}

	const refresh = ({ refresh_token }) => request(server.url('token'), {
		form: { grant_type: 'refresh_token', refresh_token },
		headers: { Authorization: basic(server.clients['Photo Book'].client_id, server.clients['Photo Book'].client_secret) },
	});

	for (const [colorScheme, viewport] of [['light', { width: 1280, height: 900 }], ['dark', { width: 1280, height: 900 }], ['light', { width: 360, height: 740 }], ['dark', { width: 360, height: 740 }]]) {
		test(`every section, ${colorScheme}, ${viewport.width} px: axe finds nothing, nothing is too wide`, async () => {
			const { context, complaints } = await profile(chromium, { colorScheme, viewport });
			const page = await open(context, await newUser(), 'sessions');
			assert.match(page.url(), /#sessions$/, 'the sign-in led back to the section');
			complaints.length = 0; // the 401 that led to the sign-in
			await grant(page);
			for (const section of SECTIONS) {
				await go(page, section);
				assert.ok(await overflow(page) <= 0, `${section}: ${await overflow(page)} px too wide`);
				assert.deepEqual(await axe(page), [], section);
				assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
			}
			await page.locator('#delete-account').click();
			assert.deepEqual(await axe(page), [], 'a dialog');
			assert.deepEqual(complaints, []);
			await context.close();
		});
	}

	test('by keyboard alone: through the sections, into a dialog and back out of it', async () => {
		const { context } = await profile(chromium);
		const page = await open(context, await newUser());
		const focused = () => page.evaluate(() => (document.activeElement.textContent || document.activeElement.value || '').trim());
		const tabTo = async (name) => {
			for (let presses = 0; presses < 40; presses++) {
				await page.keyboard.press('Tab');
				if (await focused() === name)
					return;
			}
			assert.fail(`${name} is not reached`);
		};
		for (const title of TITLES) {
			await page.reload();
			await shown(page);
			await tabTo(title);
			await page.keyboard.press('Enter');
			await page.getByRole('heading', { level: 1, name: title }).waitFor();
			await shown(page);
			if (title !== 'Overview')
				assert.equal(await focused(), title, 'the heading has the cursor');
		}
		await tabTo('Delete my account');
		await page.keyboard.press('Enter');
		await page.locator('dialog[open]').waitFor();
		for (let presses = 0; presses < 6; presses++) {
			await page.keyboard.press('Tab');
			assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null), 'the cursor stays in the dialog');
		}
		await page.keyboard.press('Escape');
		await gone(page);
		assert.equal(await focused(), 'Delete my account', 'the cursor is back');
		await context.close();
	});

	test('the profile is saved; what is wrong is said at its field', async () => {
		const { context } = await profile(chromium);
		const page = await open(context, await newUser(), 'profile');
		await page.getByLabel('Date of birth').fill('yesterday');
		await page.getByRole('button', { name: 'Save' }).click();
		const field = page.getByLabel('Date of birth');
		await page.locator('.problem:not(:empty)').waitFor();
		assert.equal(await field.getAttribute('aria-invalid'), 'true');
		const ids = (await field.getAttribute('aria-describedby')).split(' ');
		assert.ok(ids.includes(await page.locator('.problem:not(:empty)').getAttribute('id')));
		await field.fill('1990-12-31');
		await page.getByLabel('Nickname').fill('Öxi <b>');
		await page.getByLabel('City').fill('Wien');
		await page.getByRole('button', { name: 'Save' }).click();
		await said(page, 'Your profile is saved.');
		await page.reload();
		await shown(page);
		assert.equal(await page.getByLabel('Nickname').inputValue(), 'Öxi <b>');
		assert.equal(await page.getByLabel('City').inputValue(), 'Wien');
		await context.close();
	});

	test('two tabs: the later one hears of the conflict, keeps what was typed, and loses nothing', async () => {
		const { context } = await profile(chromium);
		const first = await open(context, await newUser(), 'profile');
		const second = await context.newPage();
		await go(second, 'profile');
		await first.getByLabel('Nickname').fill('from the first');
		await first.getByLabel('Website').fill('https://first.example/');
		await second.getByLabel('Nickname').fill('from the second');
		await first.getByRole('button', { name: 'Save' }).click();
		await said(first, 'Your profile is saved.');
		await second.getByRole('button', { name: 'Save' }).click();
		await second.getByText('was changed in another tab').waitFor();
		assert.equal(await second.getByLabel('Nickname').inputValue(), 'from the second');
		await second.getByRole('button', { name: /^Load the changes/ }).click();
		await second.getByText('Saved elsewhere: from the first').waitFor();
		assert.equal(await second.getByLabel('Website').inputValue(), 'https://first.example/');
		await second.getByRole('button', { name: 'Save' }).click();
		await said(second, 'Your profile is saved.');
		await first.reload();
		await shown(first);
		assert.equal(await first.getByLabel('Nickname').inputValue(), 'from the second');
		assert.equal(await first.getByLabel('Website').inputValue(), 'https://first.example/');
		await context.close();
	});

	test('an application loses access in one window, and its refresh fails in another', async () => {
		const { context } = await profile(chromium);
		const page = await open(context, await newUser());
		const tokens = await grant(page);
		const again = await refresh(tokens);
		assert.equal(again.status, 200, again.text);
		await go(page, 'applications');
		await page.getByRole('button', { name: 'Remove access: Photo Book' }).click();
		await answer(page, 'Cancel');
		await gone(page);
		await page.getByRole('button', { name: 'Remove access: Photo Book' }).click();
		await answer(page, 'Remove access');
		await said(page, 'Photo Book has no access any more.');
		const refused = await refresh(again.json());
		assert.equal(refused.status, 400);
		assert.equal(refused.json().error, 'invalid_grant');
		await page.getByText('No application has access').waitFor();
		await context.close();
	});

	test('all other browsers are signed out', async () => {
		const user = await newUser();
		const [here, there] = [await profile(chromium), await profile(chromium)];
		const other = await open(there.context, user);
		const page = await open(here.context, user, 'sessions');
		assert.equal(await page.locator('.row').count(), 2);
		assert.equal(await page.getByText('this browser').count(), 1);
		await page.getByRole('button', { name: 'Sign out all others' }).click();
		await answer(page, 'Sign out all others');
		await said(page, 'All other browsers are signed out.');
		assert.equal(await page.locator('.row').count(), 1);
		await other.getByRole('link', { name: 'Sessions' }).first().click();
		await other.locator('input[name=password]').waitFor();
		await here.context.close();
		await there.context.close();
	});

	test('an authenticator app is set up, recovery codes are shown once, and both sign in', async () => {
		const user = await newUser();
		const { context } = await profile(chromium);
		const page = await open(context, user, 'security');
		await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
		await page.getByAltText(/QR code/).waitFor();
		assert.ok(await page.getByAltText(/QR code/).evaluate((image) => image.decode().then(() => image.naturalWidth > 0)), 'the policy lets the picture in');
		const seed = await page.locator('#seed').textContent();
		const right = totp(seed);
		await page.getByLabel('Code from the app').fill(right === '000000' ? '000001' : '000000');
		await answer(page, 'Confirm');
		await page.locator('dialog .problem:not(:empty), dialog .alert:visible').first().waitFor();
		await page.getByLabel('Code from the app').fill(totp(seed));
		await answer(page, 'Confirm');
		await page.locator('#codes').waitFor();
		assert.deepEqual(await axe(page), []);
		const codes = await page.locator('#codes code').allTextContents();
		assert.equal(new Set(codes).size, 10);
		await page.keyboard.press('Escape');
		assert.ok(await page.locator('#codes').isVisible(), 'they do not go by a slip');
		await answer(page, 'I have kept them');
		await said(page, 'Your authenticator app is set up.');
		await page.getByText('10 of 10 are left.').waitFor();
		assert.ok(!(await page.content()).includes(codes[0]), 'shown once');
		const stored = await page.evaluate(() => JSON.stringify([sessionStorage, localStorage]));
		assert.ok(![seed, seed.replaceAll(' ', ''), ...codes].some((secret) => stored.includes(secret)));
		await context.close();

		for (const code of [() => totp(seed, 1), () => codes[0]]) {
			const { context: later } = await profile(chromium);
			const next = await later.newPage();
			await next.goto(`${server.issuer}/account/#security`);
			await next.locator('input[name=password]').waitFor();
			await fillLogin(next, user);
			await submit(next);
			await next.locator('input[name=code]').fill(right === '111111' ? '222222' : '111111');
			await submit(next);
			await next.locator('.alert[role=alert]').waitFor();
			assert.ok(new URL(next.url()).pathname.startsWith('/cgi-bin/'), 'a wrong code leads nowhere');
			await next.locator('input[name=code]').fill(code());
			await submit(next);
			await next.waitForURL(`${server.issuer}/account/**`);
			await shown(next);
			await later.close();
		}
	});

	test('a passkey is added, renamed and removed', async () => {
		const { context } = await profile(chromium);
		const page = await open(context, await newUser(), 'security');
		const devtools = await context.newCDPSession(page);
		await devtools.send('WebAuthn.enable');
		await devtools.send('WebAuthn.addVirtualAuthenticator', {
			options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
		});
		await page.getByRole('button', { name: 'Add a passkey' }).click();
		await page.getByLabel('Name', { exact: true }).fill('Laptop');
		await answer(page, 'Continue');
		await said(page, 'The passkey is added.');
		await page.getByRole('button', { name: 'Rename the passkey Laptop' }).click();
		await page.getByLabel('Name', { exact: true }).fill('Blue "key"');
		await answer(page, 'Rename');
		await said(page, 'The passkey is renamed.');
		await page.getByRole('button', { name: 'Remove the passkey Blue "key"' }).click();
		await answer(page, 'Remove the passkey');
		await said(page, 'is removed.');
		assert.equal(await page.locator('[data-passkey]').count(), 0);
		await context.close();
	});

	test('deletion asks for a fresh sign-in, comes back to where it was, and can be taken back', async () => {
		const user = await newUser();
		const { context } = await profile(chromium);
		const page = await open(context, user, 'data');
		await sql(server, `UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = (SELECT user_id FROM users WHERE username = '${user.username}')`);
		await page.reload();
		await shown(page);
		await page.locator('#delete-account').click();
		await answer(page, 'Sign in again');
		await page.locator('input[name=password]').fill(PASSWORD);
		await submit(page);
		await page.waitForURL(/#data$/);
		await page.getByLabel(/type your user name/).fill(user.username);
		await answer(page, 'Delete my account');
		await page.getByRole('region', { name: 'Deletion of your account' }).waitFor();
		await page.getByRole('button', { name: 'Keep my account' }).click();
		await said(page, 'Your account stays.');
		await page.getByRole('region', { name: 'Deletion of your account' }).waitFor({ state: 'detached' });
		await context.close();
	});

	test('without JavaScript it says what works, and signs out', async () => {
		const { context } = await profile(chromium, { javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(`${server.issuer}/account/`);
		assert.match(await page.locator('main').innerText(), /needs JavaScript/);
		await page.getByRole('link', { name: 'Sign out' }).click();
		assert.match(page.url(), /\/cgi-bin\/logout$/);
		await context.close();
	});
});
