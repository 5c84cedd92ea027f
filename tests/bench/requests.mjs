// The requests that are measured: real ones, of a real client and a signed-in browser, made without a web server.
import { Browser, isConsent, isLogin, loginForm } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorization, authorize, redemption } from '../lib/client.mjs';
import { formBody } from '../lib/http.mjs';
import { ALICE, install } from '../lib/server.mjs';

const SCOPE = 'openid profile email';

/** An installation with what a request costs by default, except that Argon2id costs next to nothing. */
export function prepareInstallation() {
	return install({
		settings: { log_file: '', log_level: 'info', code_seconds: 600, access_token_seconds: 86400, flow_seconds: 86400 },
		clients: [
			{ client_name: 'Measured', redirect_uris: ['https://client.example/callback'] },
			{ client_name: 'Asking', redirect_uris: ['https://client.example/callback'], consent: 'always' },
			{ client_name: 'Refreshing', redirect_uris: ['https://client.example/callback'], grant_types: ['authorization_code', 'refresh_token'] },
		],
		users: [ALICE],
	});
}

export const get = (url, headers = {}) => ({ method: 'GET', url: String(url), headers, body: '' });

function post(url, form, headers = {}) {
	const body = formBody(form);
	return {
		method: 'POST', url: String(url), body,
		headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body), ...headers },
	};
}

/** What a browser sends along when it is led to a page. */
function navigation(browser, url) {
	return {
		Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
		'Accept-Language': 'en',
		'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36',
		'Sec-Fetch-Site': 'cross-site',
		Cookie: browser.cookies.header(new URL(url), false),
	};
}

const visit = (browser, url) => get(url, navigation(browser, url));

/** Leads a browser to the page that an authorization request ends at. */
export async function pageOf(server, browser, client, test) {
	const page = await browser.visit(authorization(server, client, { scope: SCOPE }).url);
	if (!test(page))
		throw new Error(`${page.url} is not the page that was expected: ${page.status}`);
	return page;
}

export async function loginPost(browser, page, user = ALICE) {
	const form = loginForm(page);
	const fields = form.fields.filter((field) => field.type !== 'checkbox')
		.map((field) => [field.name, { username: user.username, password: user.password }[field.name] ?? field.value]);
	const url = new URL(form.action, page.url);
	return post(url, fields, { ...navigation(browser, url), 'Sec-Fetch-Site': 'same-origin', Origin: url.origin });
}

/** `count` token requests, each with a code of its own. */
export async function redemptions(server, browser, client, count) {
	const requests = [];
	for (let i = 0; i < count; i++) {
		const { form, headers } = redemption(server, await authorize(server, browser, client, { scope: SCOPE }));
		requests.push(post(server.url('token'), form, headers));
	}
	return requests;
}

/** `count` token requests, each with a refresh token of a family of its own. */
export async function refreshes(server, browser, client, transport, count) {
	const requests = [];
	for (const { url, headers, body } of await redemptions(server, browser, client, count)) {
		const { refresh_token } = (await transport(url, { method: 'POST', body, headers })).json();
		requests.push(post(url, { grant_type: 'refresh_token', refresh_token }, { Authorization: headers.Authorization }));
	}
	return requests;
}

/** Every operation: its requests, what the answer must be, the target for its CPU time in times of the null CGI. */
export async function prepareRequests(server, rounds) {
	const transport = cgiTransport(server);
	const signedIn = new Browser({ transport });
	const stranger = new Browser({ transport });
	const { Measured: client, Asking: asking, Refreshing: refreshing } = server.clients;

	const redeemed = redemption(server, await authorize(server, signedIn, client, { scope: SCOPE }));
	const tokens = (await transport(server.url('token'), redeemed)).json(); // the client's fast verifier is there from now on
	const wrong = { ...redeemed.form, code: 'x'.repeat(43) };
	const login = await pageOf(server, stranger, client, isLogin);
	const consent = await pageOf(server, signedIn, asking, isConsent);

	const to = (name, endpoint, requests, status, text, target) => ({ name, endpoint, requests: [requests].flat(), status, text, target });
	return [
		to('discovery', 'discovery', get(server.url('discovery')), '200', '"issuer"', 1.1),
		to('jwks', 'jwks', get(server.url('jwks')), '200', '"keys"', 1.1),
		to('authorize: code', 'authorize', visit(signedIn, authorization(server, client, { scope: SCOPE }).url), '303', '?code=', 3.4),
		to('authorize: to login', 'authorize', visit(new Browser(), authorization(server, client, { scope: SCOPE }).url), '303', '/login?flow='),
		to('token: code', 'token', await redemptions(server, signedIn, client, rounds), '200', '"id_token"'),
		to('token: refused', 'token', post(server.url('token'), wrong, redeemed.headers), '400', 'invalid_grant'),
		to('token: refresh', 'token', await refreshes(server, signedIn, refreshing, transport, rounds), '200', '"refresh_token"', 4.3),
		to('userinfo', 'userinfo', get(server.url('userinfo'), { Authorization: `Bearer ${tokens.access_token}` }), '200', '"email"', 2.1),
		to('login: page', 'login', visit(stranger, login.url), '200', 'name="password"'),
		to('login: sign in', 'login', await loginPost(stranger, login), '303', '/authorize?flow=', 5.0),
		to('consent: page', 'consent', visit(signedIn, consent.url), '200', 'name="decision"'),
		to('logout: page', 'logout', visit(signedIn, server.url('logout')), '200', 'name="decision"'),
	];
}
