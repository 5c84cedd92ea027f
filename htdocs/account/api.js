/*
 * The endpoints of docs/account.md, which stand beside the authorization endpoint. What is remembered over a sign-in is the
 * section and what was about to be done, never anything secret.
 */

const REMEMBERED = 'latchkey-account';
const REMEMBERED_SECONDS = 900;

export class ApiError extends Error {
	constructor(status, body) {
		super(body.error_description || 'That did not work. Please try again in a moment.');
		this.status = status;
		this.code = body.error;
		this.field = body.field;
	}

	get fresh() { return this.code === 'fresh_login_required'; }

	get conflict() { return this.status === 409; }
}

let authorizationEndpoint;
let logoutEndpoint;
let csrf;
let username;

/* The document lies at the issuer, which is above this page: mostly one folder, more where static files have a path of their own. */
async function discover() {
	for (let base = new URL('..', location.href); ; base = new URL('..', base)) {
		const response = await fetch(new URL('.well-known/openid-configuration', base), { credentials: 'omit', redirect: 'error' });
		if (response.ok) return response.json();
		if (base.pathname === '/') throw new Error('There is no discovery document above this page.');
	}
}

/* Gives the address where this page works, if that is another one: the session cookie belongs to the issuer's host alone. */
export async function connect() {
	if (authorizationEndpoint) return null;
	const discovery = await discover();
	const origin = new URL(discovery.issuer).origin;
	if (origin !== location.origin) return new URL(location.pathname, origin).href;
	authorizationEndpoint = discovery.authorization_endpoint;
	logoutEndpoint = discovery.end_session_endpoint;
	return null;
}

export const logoutUrl = () => logoutEndpoint ?? new URL('logout', authorizationEndpoint).href;

export function leaveForLogin(intent) {
	sessionStorage.setItem(REMEMBERED, JSON.stringify({ hash: location.hash, intent, at: Date.now() }));
	location.assign(new URL('login?again=account', authorizationEndpoint));
	return new Promise(() => {}); /* the page ends here */
}

/* What was remembered, once: { hash, intent } or null. */
export function remembered() {
	const text = sessionStorage.getItem(REMEMBERED);
	sessionStorage.removeItem(REMEMBERED);
	try {
		const value = JSON.parse(text);
		return value && Date.now() - value.at < REMEMBERED_SECONDS * 1000 ? value : null;
	} catch {
		return null;
	}
}

async function send(path, options = {}) {
	let response;
	let body = {};
	try {
		response = await fetch(new URL(path, authorizationEndpoint), {
			cache: 'no-store', credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(30000), ...options,
			headers: { Accept: 'application/json', ...options.headers },
		});
	} catch {
		throw new ApiError(0, { error_description: 'The server does not answer. Check your connection, then try again.' });
	}
	try {
		body = await response.json();
	} catch {
		if (response.ok) throw new ApiError(0, {});
	}
	if (response.status === 401) return leaveForLogin();
	if (!response.ok) throw new ApiError(response.status, body);
	return body;
}

/*
 * Who is signed in. In another tab it may be somebody else by now: what this page shows must then never be sent with the
 * other account's token.
 */
export async function overview() {
	const answer = await send('account/overview');
	if (username !== undefined && username !== answer.username) {
		location.reload();
		return new Promise(() => {});
	}
	username = answer.username;
	csrf = answer.csrf;
	return answer;
}

export async function get(path, parameters = {}) {
	const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
	const answer = await send(`account/${path}${query.size ? `?${query}` : ''}`);
	if (answer.csrf !== csrf) await overview();
	return answer;
}

/* A refused token means that the session began anew in another tab: it is asked for again, once; nothing was done until then. */
export async function post(path, body) {
	const attempt = () => send(`account/${path}`, {
		method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...body, csrf }),
	});
	let answer;
	try {
		answer = await attempt();
	} catch (error) {
		if (error.status !== 403 || error.fresh) throw error;
		const before = csrf;
		await overview();
		if (before === csrf) throw error;
		answer = await attempt();
	}
	if (answer.csrf) csrf = answer.csrf;
	return answer;
}
