// A browser without a window: cookies, redirects, forms, and the headers by which a server tells where a request came from.
import { Answer, request } from './http.mjs';
import { formsOf } from './html.mjs';

class Cookies {
	constructor() {
		this.hosts = new Map(); // cookies ignore ports: by host name alone
	}

	of(host) {
		if (!this.hosts.has(host))
			this.hosts.set(host, new Map());
		return this.hosts.get(host);
	}

	store(url, lines) {
		const jar = this.of(url.hostname);
		for (const line of lines ?? []) {
			const [pair, ...rest] = line.split(';').map((part) => part.trim());
			const name = pair.slice(0, pair.indexOf('='));
			const cookie = { name, value: pair.slice(pair.indexOf('=') + 1), line, attributes: {} };
			for (const attribute of rest) {
				const [key, value = ''] = attribute.split('=');
				cookie.attributes[key.toLowerCase()] = value;
			}
			const age = cookie.attributes['max-age'];
			const expires = cookie.attributes.expires;
			if (age !== undefined ? Number(age) <= 0 : expires !== undefined && Date.parse(expires) <= Date.now())
				jar.delete(name);
			else
				jar.set(name, cookie);
		}
	}

	header(url, crossSitePost) {
		const sent = [...this.of(url.hostname).values()]
			.filter((cookie) => (cookie.attributes.path ?? '/') === '/' || url.pathname.startsWith(cookie.attributes.path))
			.filter((cookie) => !crossSitePost || /^none$/i.test(cookie.attributes.samesite ?? 'lax'));
		return sent.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
	}
}

function siteOf(from, to) {
	if (!from)
		return 'none';
	if (from.origin === to.origin)
		return 'same-origin';
	return from.hostname === to.hostname ? 'same-site' : 'cross-site';
}

export class Browser {
	/** transport: how a request is sent, request() of http.mjs unless something else is wanted. */
	constructor({ transport = request } = {}) {
		this.cookies = new Cookies();
		this.transport = transport;
		this.setCookies = []; // every Set-Cookie line seen
	}

	async send(url, { method = 'GET', form, from = null, headers = {} } = {}) {
		const target = new URL(url);
		const site = siteOf(from, target);
		const cookie = this.cookies.header(target, method !== 'GET' && site === 'cross-site');
		const all = {
			Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
			'User-Agent': 'Mozilla/5.0 (test)',
			'Sec-Fetch-Site': site,
			'Sec-Fetch-Mode': 'navigate',
			'Sec-Fetch-Dest': 'document',
			...(method === 'POST' ? { Origin: from ? from.origin : 'null' } : {}),
			...(cookie ? { Cookie: cookie } : {}),
			...headers,
		};
		for (const name of Object.keys(all)) {
			if (all[name] === null)
				delete all[name];
		}
		const answer = await this.transport(target, { method, form, headers: all });
		this.cookies.store(target, answer.headers['set-cookie']);
		this.setCookies.push(...(answer.headers['set-cookie'] ?? []));
		return answer;
	}

	/** Follows redirects for as long as `go` says so of the next URL: by default inside the origin that it began at. */
	async follow(answer, go = (next, first) => next.origin === first.origin) {
		const first = answer.url;
		for (let hops = 0; answer.location && go(answer.location, first); hops++) {
			if (hops > 15)
				throw new Error(`redirects without end at ${answer.location}`);
			answer = await this.send(answer.location, { from: answer.url });
		}
		return answer;
	}

	async visit(url, { go, ...options } = {}) {
		return this.follow(await this.send(url, options), go);
	}

	/**
	 * Sends a form of a page as a person would: hidden fields as they are, `fill` in the others, one button.
	 * `headers` changes what the browser would say of itself (null takes a header away).
	 */
	async submit(page, { fill = {}, button, form = formsOf(page.text)[0], go, headers, drop = [] } = {}) {
		if (!form)
			throw new Error(`no form on ${page.url}: ${page.status} ${page.text.slice(0, 300)}`);
		const fields = form.fields
			.filter((field) => field.name && !drop.includes(field.name))
			.filter((field) => !(field.type === 'checkbox' || field.type === 'radio') || (field.name in fill ? fill[field.name] : field.checked))
			.map((field) => [field.name, field.type === 'checkbox' ? field.value || 'on' : String(fill[field.name] ?? field.value)]);
		if (button !== undefined) {
			const pressed = form.buttons.find((one) => one.value === button);
			if (!pressed)
				throw new Error(`no button ${button} on ${page.url}`);
			fields.push([pressed.name, pressed.value]);
		}
		const target = new URL(form.action || page.url, page.url);
		const method = (form.method ?? 'get').toUpperCase();
		if (method === 'GET')
			target.search = new URLSearchParams(fields);
		const answer = await this.send(target, { method, form: method === 'POST' ? fields : undefined, from: page.url, headers });
		return this.follow(answer, go);
	}
}

export { Answer };

const endsWith = (page, name) => page.url.pathname.endsWith(`/${name}`);

export const isConsent = (page) => page.status === 200 && endsWith(page, 'consent') && decisionForm(page) !== undefined;
// A sign-in that failed shows the form again, with a status of its own.
export const isLogin = (page) => endsWith(page, 'login') && (page.status === 200 || loginForm(page) !== undefined);
export const loginForm = (page) => formsOf(page.text).find((form) => form.fields.some((field) => field.type === 'password'));
export const decisionForm = (page) => formsOf(page.text).find((form) => form.buttons.some((button) => button.name === 'decision'));

/** What a client gets: { url, params, mode } of a redirect to it or of a form_post page; null while still inside. */
export function reply(answer, issuer) {
	if (answer.location && answer.location.origin !== new URL(issuer).origin)
		return { url: answer.location, params: answer.location.searchParams, mode: 'query', status: answer.status, answer };
	if (answer.status === 200 && answer.isPage) {
		const form = formsOf(answer.text).find((one) => one.action && new URL(one.action, answer.url).origin !== answer.url.origin);
		if (form) {
			return { url: new URL(form.action), params: new URLSearchParams(form.fields.map((field) => [field.name, field.value])),
				mode: 'form_post', status: answer.status, answer, form };
		}
	}
	return null;
}

/** Signs in on a login page, which may offer the account that is signed in already. */
export async function signIn(browser, page, user, { stay = false, ...options } = {}) {
	let form = loginForm(page);
	if (!form && decisionForm(page)) {
		page = await browser.submit(page, { button: 'other', form: decisionForm(page) });
		form = loginForm(page);
	}
	if (!form)
		throw new Error(`no sign-in form: ${page.status} ${page.url} ${page.text.slice(0, 500)}`);
	const fill = { username: user.username, password: user.password };
	const box = form.fields.find((field) => field.type === 'checkbox');
	if (box)
		fill[box.name] = stay;
	return browser.submit(page, { fill, form, ...options });
}

export async function decide(browser, page, decision, options = {}) {
	return browser.submit(page, { button: decision, form: decisionForm(page), ...options });
}

/** Goes on from a page to the client's reply: signs in, allows. Gives the reply and the names of the pages on the way. */
export async function finish(browser, answer, issuer, { user, decision = 'allow', stay } = {}) {
	const pages = [];
	for (let steps = 0; steps < 8; steps++) {
		const done = reply(answer, issuer);
		if (done)
			return { ...done, pages };
		if (isLogin(answer)) {
			pages.push('login');
			answer = loginForm(answer) ? await signIn(browser, answer, user, { stay }) : await decide(browser, answer, 'allow');
		} else if (isConsent(answer)) {
			pages.push('consent');
			answer = await decide(browser, answer, decision);
		} else {
			throw new Error(`stuck at ${answer.status} ${answer.url}: ${answer.text.slice(0, 800)}`);
		}
	}
	throw new Error(`no end after ${pages.join(', ')}`);
}
