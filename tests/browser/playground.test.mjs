// The playground from the first click to userinfo: an application in the browser, as a public client with PKCE.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, missingChromium, profile } from '../lib/chromium.mjs';
import { addPlayground, fillLogin, submit } from '../lib/pages.mjs';
import { ALICE, PASSWORD, startServer } from '../lib/server.mjs';

describe('the playground', { skip: missingChromium }, () => {
	let server;
	let chromium;

	before(async () => {
		[server, chromium] = await Promise.all([startServer(), launch()]);
		await addPlayground(server);
	});
	after(async () => {
		await chromium?.close();
		await server?.stop();
	});

	async function open(context) {
		const page = await context.newPage();
		await page.goto(`${server.issuer}/playground/`);
		await page.locator('#sign-in').waitFor();
		return page;
	}

	async function through(page) {
		await fillLogin(page, { username: 'alice', password: PASSWORD });
		await submit(page);
		await page.locator('button[value=allow]').click();
		await page.locator('#step-userinfo').waitFor();
	}

	test('signs in and shows each request, each answer, the checked ID token, userinfo', async () => {
		const { context, complaints } = await profile(chromium);
		const page = await open(context);
		for (const name of ['phone', 'address'])
			await page.locator(`input[name=scope][value=${name}]`).check();
		await page.locator('#sign-in').click();
		await through(page);
		assert.equal(page.url(), `${server.issuer}/playground/`, 'the code is gone from the address');
		assert.match(await page.locator('#authorization-request').textContent(), /code_challenge_method=S256/);
		assert.match(await page.locator('#token-request').textContent(), /code_verifier=/);
		const tokens = JSON.parse(await page.locator('#token-response').textContent());
		assert.equal(tokens.token_type, 'Bearer');
		assert.equal(JSON.parse(await page.locator('#id-token-header').textContent()).alg, 'RS256');
		const payload = JSON.parse(await page.locator('#id-token-payload').textContent());
		assert.equal(payload.aud, 'playground');
		assert.equal(payload.preferred_username, 'alice');
		const userinfo = JSON.parse(await page.locator('#userinfo-json').textContent());
		assert.equal(userinfo.sub, payload.sub);
		assert.deepEqual(userinfo.address, ALICE.claims.address);
		const checks = await page.locator('[data-check]').evaluateAll((all) => all.map((one) => [one.dataset.check, one.dataset.ok]));
		assert.ok(checks.length >= 8, JSON.stringify(checks));
		assert.deepEqual(checks.filter(([, ok]) => ok !== 'true'), []);
		assert.equal(await page.locator('#problem').isVisible(), false);
		assert.match(await page.locator('#status').textContent(), /Alice/);
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('shows an error as an error', async () => {
		const { context, complaints } = await profile(chromium);
		const page = await open(context);
		await page.locator('#prompt').selectOption('none');
		await page.locator('#sign-in').click();
		await page.locator('#error-code').waitFor();
		assert.equal(await page.locator('#error-code').textContent(), 'login_required');
		assert.ok(await page.locator('#problem').isVisible());
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('an answer that nobody asked for is refused', async () => {
		const { context } = await profile(chromium);
		const page = await context.newPage();
		await page.goto(`${server.issuer}/playground/?code=stolen&state=unknown&iss=${encodeURIComponent(server.issuer)}`);
		await page.locator('#problem').waitFor();
		assert.equal(await page.locator('#step-token').count(), 0, 'the code was not sent anywhere');
		await context.close();
	});

	test('signs out', async () => {
		const { context, complaints } = await profile(chromium);
		const page = await open(context);
		await page.locator('#sign-in').click();
		await through(page);
		const link = page.locator('#sign-out');
		await link.click();
		await page.waitForURL(/\/logout/);
		await page.locator('button[value=allow]').click();
		await page.waitForLoadState();
		const again = await open(context);
		await again.locator('#prompt').selectOption('none');
		await again.locator('#sign-in').click();
		await again.locator('#error-code').waitFor();
		assert.equal(await again.locator('#error-code').textContent(), 'login_required');
		assert.deepEqual(complaints, []);
		await context.close();
	});
});
