// Every page of the server, one after the other, in a Chromium profile: for whoever looks at all of them.
import { authorization } from './client.mjs';
import { linkPages } from './link_pages.mjs';
import { ALICE, PASSWORD, startServer } from './server.mjs';

export async function startWithPages() {
	const server = await startServer({ users: [ALICE], signup: true, settings: { mail_limit_address: 0 } });
	await server.addClient({
		client_name: 'Photo Book', client_uri: 'https://photos.example/', policy_uri: 'https://photos.example/privacy', tos_uri: 'https://photos.example/terms',
		redirect_uris: ['https://photos.example/callback'],
	});
	await server.addClient({
		client_name: 'Terminal Tool', application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/callback'],
	});
	await addPlayground(server);
	return server;
}

export async function addPlayground(server) {
	return server.addClient({
		client_id: 'playground', client_name: 'Playground', token_endpoint_auth_method: 'none', trace: true,
		redirect_uris: [`${server.issuer}/playground/`], post_logout_redirect_uris: [`${server.issuer}/playground/`],
	});
}

const SCOPE = 'openid profile email address phone';

export async function fillLogin(page, { username, password }) {
	if (await page.getByLabel('User name').isEditable())
		await page.getByLabel('User name').fill(username);
	await page.locator('input[name=password]').fill(password);
}

export const submit = (page) => page.locator('main form button.primary[type=submit]').click();

/** Yields [name, page]; the page is the same all the time. */
export async function* allPages(server, context) {
	const page = await context.newPage();
	const photos = server.clients['Photo Book'];
	const go = (client, more) => page.goto(String(authorization(server, client, { scope: SCOPE, ...more }).url));
	// Where a client would be, there is nobody: what leads there must end in a page of ours.
	await context.route('https://photos.example/**', (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<title>x</title>' }));
	await context.route('**/form-post.js', (route) => route.fulfill({ status: 200, contentType: 'text/javascript', body: '' }));

	await page.goto(`${server.issuer}/`);
	yield ['index', page];
	await go(photos);
	yield ['login', page];
	await fillLogin(page, { username: 'alice', password: 'not the right password' });
	await submit(page);
	yield ['login-failed', page];
	await page.getByRole('link', { name: 'Create one' }).click();
	yield ['signup', page];
	await page.locator('input[name=username]').fill('no good name');
	await page.locator('input[name=password]').fill('too short, perhaps not');
	await submit(page);
	yield ['signup-failed', page];
	await go(photos, { prompt: 'consent' });
	await fillLogin(page, { username: 'alice', password: PASSWORD });
	await submit(page);
	yield ['consent', page];
	await go(server.clients['Terminal Tool'], { redirect_uri: 'http://127.0.0.1:4000/callback' });
	yield ['consent-native', page];
	await go(photos, { prompt: 'select_account' });
	yield ['select-account', page];
	await go(photos, { prompt: 'login' });
	yield ['login-again', page];
	await go(photos, { response_mode: 'form_post', prompt: 'consent' });
	await page.locator('button[value=allow]').click();
	yield ['form-post', page];
	await go(photos, { scope: SCOPE, prompt: 'consent' });
	yield ['consent-known', page];
	await go(photos, { redirect_uri: 'https://elsewhere.example/' });
	yield ['error', page];
	await page.goto(String(server.url('logout')));
	yield ['logout', page];
	await page.locator('button[value=allow]').click();
	yield ['signed-out', page];
	for await (const name of linkPages(server, context, page))
		yield [name, page];
	await page.goto(`${server.issuer}/playground/`);
	await page.locator('#request').waitFor();
	yield ['playground', page];
	await page.locator('#sign-in').click();
	await fillLogin(page, { username: 'alice', password: PASSWORD });
	await submit(page);
	await page.locator('button[value=allow]').click();
	await page.locator('#step-userinfo').waitFor();
	yield ['playground-done', page];
	await page.close();
}

/** Yields [name, page, whole] for the sections of the account page and its dialogs, of which only what is seen counts. */
export async function* accountPages(server, context) {
	const page = await context.newPage();
	const go = async (section) => {
		await page.goto(`${server.issuer}/account/#${section}`);
		await page.reload();
		await page.locator('#section:not([aria-busy]) .panel').first().waitFor();
	};
	const open = async (selector) => {
		await page.locator(selector).first().click();
		await page.locator('dialog[open]').waitFor();
	};
	await context.route('**/form-post.js', (route) => route.fulfill({ status: 200, contentType: 'text/javascript', body: '' }));
	await page.goto(`${server.issuer}/account/`);
	await page.locator('input[name=password]').waitFor();
	await fillLogin(page, { username: 'alice', password: PASSWORD });
	await submit(page);
	await page.locator('#section .panel').first().waitFor();
	await page.goto(String(authorization(server, server.clients['Photo Book'], { scope: SCOPE, prompt: 'consent', response_mode: 'form_post' }).url));
	await page.locator('button[value=allow]').click();
	await page.locator('form[action^="https://photos.example/"]').waitFor();
	for (const section of ['overview', 'profile', 'security', 'applications', 'sessions', 'data']) {
		await go(section);
		yield [section, page, true];
	}
	await go('applications');
	await open('.row > .button');
	yield ['revoke', page, false];
	await go('security');
	await open('#change-password');
	await page.locator('dialog input[name=password]').fill('password password 1');
	await page.locator('.meter[data-score]:not([data-score=""])').waitFor();
	yield ['password', page, false];
	await page.keyboard.press('Escape');
	await open('#totp-set-up');
	yield ['totp', page, false];
	await page.close();
}
