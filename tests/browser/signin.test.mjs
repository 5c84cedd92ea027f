// Chromium signs in, with JavaScript and without, and ends where the client sends it next: on a third origin, because
// Chromium applies Content-Security-Policy's form-action to every redirect after a form was sent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, missingChromium, profile } from '../lib/chromium.mjs';
import { authorization, decode, redeem } from '../lib/client.mjs';
import { fillLogin, submit } from '../lib/pages.mjs';
import { startParty } from '../lib/party.mjs';
import { PASSWORD, startServer } from '../lib/server.mjs';

describe('Chromium', { skip: missingChromium }, () => {
	let server;
	let chromium;
	let party; // the application
	let third; // where it sends people on to

	before(async () => {
		[server, chromium, third] = await Promise.all([startServer({ signup: true }), launch(), startParty({ host: '127.0.0.1' })]);
		party = await startParty({
			answer: (url, fields, response) => {
				if (!url.pathname.startsWith('/callback'))
					return false;
				response.writeHead(303, { Location: `${third.origin}/landed?${new URLSearchParams({ state: fields.get('state') ?? '' })}` }).end();
				return true;
			},
		});
		// The first ten for the tabs, the others for tests that need a client without any consent.
		for (let index = 0; index < 16; index++)
			await server.addClient({ client_name: `Application ${index}`, redirect_uris: [`${party.origin}/callback/${index}`] });
	});
	after(async () => {
		await chromium?.close();
		await party?.stop();
		await third?.stop();
		await server?.stop();
	});

	const client = (index = 0) => server.clients[`Application ${index}`];

	/** The application's own checks of what arrived for `started`. */
	async function assertArrived(started, method = 'GET') {
		const arrival = party.arrivals.find((one) => one.fields.get('state') === started.parameters.state);
		assert.ok(arrival, 'the application got its answer');
		assert.equal(arrival.method, method);
		assert.equal(arrival.url.origin + arrival.url.pathname, started.client.redirect_uris[0]);
		assert.equal(arrival.fields.get('iss'), server.issuer);
		const answer = await redeem(server, { ...started, params: arrival.fields });
		assert.equal(answer.status, 200, answer.text);
		assert.equal(decode(answer.json().id_token).payload.nonce, started.parameters.nonce);
	}

	let unused = 10;

	for (const javaScriptEnabled of [true, false]) {
		for (const response_mode of ['query', 'form_post']) {
			test(`JavaScript ${javaScriptEnabled ? 'on' : 'off'}, ${response_mode}: sign-in, consent, and on to a third origin`, async () => {
				const { context, complaints } = await profile(chromium, { javaScriptEnabled });
				const mine = client(unused++);
				const started = authorization(server, mine, { scope: 'openid profile email', response_mode });
				const page = await context.newPage();
				await page.goto(String(started.url));
				await fillLogin(page, { username: 'alice', password: PASSWORD });
				await submit(page);
				await page.waitForURL(/\/consent\?/);
				await page.locator('button[value=allow]').click();
				if (response_mode === 'form_post' && !javaScriptEnabled)
					await submit(page);
				await page.waitForURL(`${third.origin}/landed**`);
				assert.equal(new URL(page.url()).searchParams.get('state'), started.parameters.state);
				await assertArrived(started, response_mode === 'query' ? 'GET' : 'POST');
				// With the session, and now the consent: straight through, still from a click on a form of the application.
				const again = authorization(server, mine, { response_mode });
				await page.goto(String(again.url));
				if (response_mode === 'form_post' && !javaScriptEnabled)
					await submit(page);
				await page.waitForURL(`${third.origin}/landed**`);
				await assertArrived(again, response_mode === 'query' ? 'GET' : 'POST');
				assert.deepEqual(complaints, []);
				await context.close();
			});
		}
	}

	test('sign-in alone leads on, when consent was given before', async () => {
		const { context, complaints } = await profile(chromium);
		const page = await context.newPage();
		for (const prompt of ['consent', 'login']) {
			const started = authorization(server, client(9), { prompt });
			await page.goto(String(started.url));
			if (await page.locator('input[name=password]').count()) {
				await fillLogin(page, { username: 'alice', password: PASSWORD });
				await submit(page);
			}
			if (prompt === 'consent')
				await page.locator('button[value=allow]').click();
			await page.waitForURL(`${third.origin}/landed**`);
			await assertArrived(started);
		}
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('deny leads back with access_denied', async () => {
		const { context, complaints } = await profile(chromium);
		const started = authorization(server, client(), { prompt: 'consent' });
		const page = await context.newPage();
		await page.goto(String(started.url));
		await fillLogin(page, { username: 'alice', password: PASSWORD });
		await submit(page);
		await page.locator('button[value=deny]').click();
		await page.waitForURL(`${third.origin}/landed**`);
		const arrival = party.arrivals.find((one) => one.fields.get('state') === started.parameters.state);
		assert.equal(arrival.fields.get('error'), 'access_denied');
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('ten tabs opened at once in a fresh profile, finished in any order', async () => {
		const { context, complaints } = await profile(chromium);
		const tabs = await Promise.all(Array.from({ length: 10 }, async (_, index) => {
			const started = authorization(server, client(index));
			const page = await context.newPage();
			return { ...started, page };
		}));
		await Promise.all(tabs.map((tab) => tab.page.goto(String(tab.url))));
		const order = tabs.map((tab) => [Math.random(), tab]).sort((a, b) => a[0] - b[0]).map(([, tab]) => tab);
		for (const [index, tab] of order.entries()) {
			if (index % 3 === 2)
				await tab.page.reload(); // it sees the session that another tab made
			if (await tab.page.locator('input[name=password]').count()) {
				await fillLogin(tab.page, { username: 'alice', password: PASSWORD });
				await submit(tab.page);
			}
			await tab.page.waitForURL((url) => url.pathname.endsWith('/consent') || url.origin === third.origin);
			if (tab.page.url().includes('/consent'))
				await tab.page.locator('button[value=allow]').click();
			await tab.page.waitForURL(`${third.origin}/landed**`);
			assert.equal(new URL(tab.page.url()).searchParams.get('state'), tab.parameters.state);
			await assertArrived(tab);
		}
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('an authorization request by POST from another site, as ASP.NET sends it', async () => {
		const { context, complaints } = await profile(chromium);
		const started = authorization(server, client(), { response_mode: 'form_post' });
		const page = await context.newPage();
		const fields = Object.entries(started.parameters).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('');
		await context.route('http://application.test/', (route) => route.fulfill({
			contentType: 'text/html', body: `<title>x</title><form method="post" action="${server.url('authorize')}">${fields}<button>go</button></form>`,
		}));
		await page.goto('http://application.test/');
		await page.getByRole('button').click();
		await fillLogin(page, { username: 'alice', password: PASSWORD });
		await submit(page);
		await page.waitForURL((url) => url.pathname.endsWith('/consent') || url.origin === third.origin);
		if (page.url().includes('/consent'))
			await page.locator('button[value=allow]').click();
		await page.waitForURL(`${third.origin}/landed**`);
		await assertArrived(started, 'POST');
		assert.deepEqual(complaints, []);
		await context.close();
	});

	for (const javaScriptEnabled of [true, false]) {
		test(`sign-up with JavaScript ${javaScriptEnabled ? 'on' : 'off'} goes on to the client`, async () => {
			const { context, complaints } = await profile(chromium, { javaScriptEnabled });
			const started = authorization(server, client(), { scope: 'openid profile email' });
			const page = await context.newPage();
			await page.goto(String(started.url));
			await page.getByRole('link', { name: 'Create one' }).click();
			await page.locator('input[name=username]').fill(`new-${javaScriptEnabled}`);
			await page.locator('input[name=password]').fill(PASSWORD);
			await page.locator('input[name=name]').fill('Žofie Nová');
			await page.locator('input[name=email]').fill('zofie@example.org');
			await submit(page);
			await page.waitForURL(/\/consent\?/);
			await page.locator('button[value=allow]').click();
			await page.waitForURL(`${third.origin}/landed**`);
			await assertArrived(started);
			assert.deepEqual(complaints, []);
			await context.close();
		});
	}

	test('by keyboard alone', async () => {
		const { context, complaints } = await profile(chromium);
		const started = authorization(server, client(1), { prompt: 'consent' });
		const page = await context.newPage();
		await page.goto(String(started.url));
		const focused = () => page.evaluate(() => {
			const { name, value, tagName } = document.activeElement;
			return name ? `${name}${tagName === 'BUTTON' ? `=${value}` : ''}` : tagName;
		});
		const tabTo = async (wanted) => {
			for (let presses = 0; presses < 20; presses++) {
				if (await focused() === wanted) {
					const outline = await page.evaluate(() => {
						const style = getComputedStyle(document.activeElement);
						return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
					});
					assert.ok(outline, `the focus is visible on ${wanted}`);
					return;
				}
				await page.keyboard.press('Tab');
			}
			assert.fail(`${wanted} is not reached by Tab`);
		};
		assert.equal(await focused(), 'username', 'the first field has the focus');
		await page.keyboard.type('alice');
		await tabTo('password');
		await page.keyboard.type(PASSWORD);
		await page.keyboard.press('Enter');
		await page.waitForURL(/\/consent\?/);
		await tabTo('decision=allow');
		await page.keyboard.press('Enter');
		await page.waitForURL(`${third.origin}/landed**`);
		await assertArrived(started);
		assert.deepEqual(complaints, []);
		await context.close();
	});

	test('Enter on a consent page never allows by itself', async () => {
		const { context } = await profile(chromium);
		const page = await context.newPage();
		await page.goto(String(authorization(server, client(2), { prompt: 'consent' }).url));
		await fillLogin(page, { username: 'alice', password: PASSWORD });
		await submit(page);
		await page.waitForURL(/\/consent\?/);
		const first = await page.evaluate(() => document.querySelector('form button[name=decision]').value);
		assert.equal(first, 'deny', 'the button that a browser presses by itself');
		await context.close();
	});

	test('back and again: a finished flow shows a page that explains', async () => {
		const { context } = await profile(chromium);
		const page = await context.newPage();
		await page.goto(String(authorization(server, client(3), { prompt: 'consent' }).url));
		await fillLogin(page, { username: 'alice', password: PASSWORD });
		await submit(page);
		await page.locator('button[value=allow]').click();
		await page.waitForURL(`${third.origin}/landed**`);
		await page.goBack();
		await page.waitForLoadState();
		assert.ok(page.url().startsWith(server.issuer));
		await page.getByRole('heading', { level: 1 }).waitFor();
		assert.equal(await page.locator('button[value=allow]').count(), 0, 'nothing to allow any more');
		await context.close();
	});
});
