/*
 * A public client (RFC 6749 2.1) in one page: authorization code with PKCE, and every check that a client must make.
 * What it has to remember between leaving and coming back is in sessionStorage, under the state.
 */
import { challengeOf, checkIdToken, decode, randomText } from './jwt.js';
import { answer, claims, clauses, header, parameters, scopes, tokenAnswer, tokenParameters } from './explain.js';
import { checks, code, element, explained, json, paragraph, say, step } from './show.js';

const CLIENT_ID = 'playground';
const WANTED_BY_DEFAULT = ['openid', 'profile', 'email'];
const pageUrl = new URL('.', location.href).href.replace(/[?#].*$/, '');
const redirectUri = pageUrl;
const storageKey = (state) => `playground:${state}`;

/* What a visitor can be told, as opposed to a fault of this program. */
class Problem extends Error {}

async function fetchText(url, options = {}) {
	try {
		const response = await fetch(url, { credentials: 'omit', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(20000), ...options });
		return { response, text: await response.text() };
	} catch (error) {
		throw new Problem(`${url} does not answer (${error.message}).`);
	}
}

async function fetchJson(url, options) {
	const { response, text } = await fetchText(url, options);
	try {
		return { response, body: JSON.parse(text) };
	} catch {
		throw new Problem(`${url} answered ${response.status}, but not with JSON.`);
	}
}

/* The document lies at the issuer, which is above this page: mostly one folder, more where static files have a path of their own. */
async function discover() {
	for (let base = new URL('..', pageUrl); ; base = new URL('..', base)) {
		const url = new URL('.well-known/openid-configuration', base).href;
		const { response, text } = await fetchText(url);
		if (response.ok) {
			try {
				return JSON.parse(text);
			} catch {
				throw new Problem(`${url} is not JSON.`);
			}
		}
		if (base.pathname === '/') throw new Problem('There is no discovery document above this page.');
	}
}

function requireSameOrigin(discovery) {
	if (new URL(discovery.issuer).origin === location.origin) return;
	throw new Problem(`You are at ${location.origin}, but this server calls itself ${discovery.issuer}. `
		+ 'Its address has to be exact: please open the playground there.');
}

/* ---- before: the form, and off to the server */

function showForm(discovery) {
	const offered = (discovery.scopes_supported ?? Object.keys(scopes)).filter((scope) => scope in scopes);
	document.getElementById('scopes').append(...offered.map((scope) => {
		const always = scope === 'openid';
		return element('label', { class: 'check' },
			element('input', { type: 'checkbox', name: 'scope', value: scope, checked: WANTED_BY_DEFAULT.includes(scope), disabled: always }),
			element('span', {}, element('code', {}, scope), element('span', { class: 'hint' }, ` ${scopes[scope]}`)));
	}));
	const form = document.getElementById('request');
	form.hidden = false;
	form.addEventListener('submit', (event) => {
		event.preventDefault();
		document.getElementById('sign-in').disabled = true;
		leave(discovery, form).catch(showProblem);
	});
	/* Back out of the browser's cache: the button works again. */
	window.addEventListener('pageshow', () => { document.getElementById('sign-in').disabled = false; });
}

async function leave(discovery, form) {
	const verifier = randomText();
	const request = {
		response_type: 'code',
		client_id: CLIENT_ID,
		redirect_uri: redirectUri,
		scope: [...form.querySelectorAll('[name=scope]:checked')].map((box) => box.value).join(' '),
		state: randomText(),
		nonce: randomText(),
		code_challenge: await challengeOf(verifier),
		code_challenge_method: 'S256',
	};
	if (form.elements.prompt.value) request.prompt = form.elements.prompt.value;
	if (form.elements.max_age.value) request.max_age = form.elements.max_age.value;
	sessionStorage.setItem(storageKey(request.state), JSON.stringify({ verifier, request, issuer: discovery.issuer }));
	const url = new URL(discovery.authorization_endpoint);
	for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
	location.assign(url);
}

/* ---- after: one card a step */

function showRequest(discovery, remembered) {
	const { request } = remembered;
	const query = Object.entries(request).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('\n  &');
	step('request', 'The application sends you to the server', clauses.request,
		paragraph('Your browser opened this address. Everything in it passes through your hands, so nothing in it is a secret.'),
		code('Address (broken into lines)', `${discovery.authorization_endpoint}\n  ?${query}`, 'authorization-request'),
		explained('Parameters', request, parameters));
}

/* The iss must be there once the server says that it sends it: else an attacker could leave it out (RFC 9207 2.4). */
function checkRedirect(discovery, returned, remembered) {
	const issNeeded = discovery.authorization_response_iss_parameter_supported === true;
	return [
		{ name: 'state', ok: remembered !== null, text: 'is one that this tab sent, and it is used up now', found: returned.state ?? 'absent' },
		{ name: 'iss', ok: returned.iss === discovery.issuer || (returned.iss === undefined && !issNeeded),
			text: 'is the server that was asked', found: returned.iss ?? 'absent' },
	];
}

function showRedirect(returned, list) {
	step('redirect', returned.error ? 'The server sends you back, without a code' : 'The server sends you back with a code', clauses.redirect,
		returned.error ? element('div', { class: 'alert', role: 'alert', id: 'error' },
			element('p', {}, element('strong', { id: 'error-code' }, returned.error)),
			element('p', { id: 'error-description' }, returned.error_description ?? '')) : undefined,
		paragraph('The answer came in the address of this page. The page has removed it from the address bar, so that it is in no history.'),
		explained('Parameters', returned, answer),
		checks('redirect-checks', 'Checks', list));
}

async function exchange(discovery, returned, remembered) {
	const body = {
		grant_type: 'authorization_code',
		code: returned.code,
		redirect_uri: remembered.request.redirect_uri,
		client_id: CLIENT_ID,
		code_verifier: remembered.verifier,
	};
	const url = new URL(discovery.token_endpoint);
	const { response, body: tokens } = await fetchJson(url.href, { method: 'POST', body: new URLSearchParams(body) });
	const lines = Object.entries(body).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('\n  &');
	step('token', 'The application exchanges the code for tokens', clauses.token,
		paragraph('This page called the server by itself, not by way of the address bar. The code_verifier shows that it is the one that asked.'),
		code('Request (body broken into lines)', `POST ${url.pathname} HTTP/1.1\nHost: ${url.host}\n`
			+ `Content-Type: application/x-www-form-urlencoded\n\n${lines}`, 'token-request'),
		explained('What it sends', body, tokenParameters),
		json(`Response, status ${response.status}`, tokens, 'token-response'),
		explained('What it gets', tokens, { ...tokenAnswer, ...answer }));
	if (!response.ok) throw new Problem(`The server did not give tokens: ${tokens.error}. ${tokens.error_description ?? ''}`);
	return tokens;
}

async function showIdToken(discovery, tokens, remembered) {
	if (!tokens.id_token) throw new Problem('The server gave no ID token.');
	const token = decode(tokens.id_token);
	if (!token) throw new Problem('The ID token is not a JWT.');
	const { body: jwks } = await fetchJson(discovery.jwks_uri);
	const maxAge = remembered.request.max_age;
	const list = await checkIdToken(tokens.id_token, jwks, {
		issuer: discovery.issuer,
		clientId: CLIENT_ID,
		nonce: remembered.request.nonce,
		maxAge: maxAge === undefined ? undefined : Number(maxAge),
		accessToken: tokens.access_token,
	});
	step('id-token', 'The ID token says who you are', clauses.idToken,
		paragraph('A statement of the server, signed, for this application alone. It is worth something only after these checks.'),
		checks('checks', 'Checks', list),
		json('Header', token.header, 'id-token-header'),
		explained('What the header says', token.header, header),
		json('Payload', token.payload, 'id-token-payload'),
		explained('What the payload says', token.payload, claims),
		code('The token as it came', tokens.id_token));
	if (list.some((check) => !check.ok)) throw new Problem('A check of the ID token failed: an application must not sign you in with it.');
	return token.payload;
}

function showAccessToken(tokens) {
	const token = decode(tokens.access_token);
	step('access-token', 'The access token opens other servers', clauses.accessToken,
		paragraph('It is for the server that the application calls. An application hands it on and does not look into it; we do, to learn.'),
		...(token ? [
			json('Header', token.header, 'access-token-header'),
			json('Payload', token.payload, 'access-token-payload'),
			explained('What the payload says', token.payload, claims),
		] : [paragraph('This one is opaque: only the server that issued it knows what it stands for.', 'notice')]));
}

async function showUserinfo(discovery, tokens, subject) {
	const url = new URL(discovery.userinfo_endpoint);
	const { response, text } = await fetchText(url.href, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
	let body = null;
	try {
		body = JSON.parse(text);
	} catch { /* refused below */ }
	step('userinfo', 'The application asks for more about you', clauses.userinfo,
		code('Request', `GET ${url.pathname} HTTP/1.1\nHost: ${url.host}\nAuthorization: Bearer ${tokens.access_token}`, 'userinfo-request'),
		json(`Response, status ${response.status}`, body ?? text, 'userinfo-json'),
		response.ok && body ? explained('What it says', body, claims) : undefined,
		checks('userinfo-checks', 'Checks', [{ name: 'sub', ok: response.ok && body?.sub === subject,
			text: 'is that of the ID token: both speak of the same person', found: body?.sub ?? 'absent' }]));
	if (!response.ok) throw new Problem(`The server did not answer at userinfo: status ${response.status}, ${response.headers.get('WWW-Authenticate') ?? ''}`);
	if (body?.sub !== subject) throw new Problem('Userinfo speaks of somebody else than the ID token: an application must not use it.');
}

function offerSignOut(discovery, tokens) {
	if (!discovery.end_session_endpoint) return;
	const link = document.getElementById('sign-out');
	const url = new URL(discovery.end_session_endpoint);
	url.searchParams.set('id_token_hint', tokens.id_token);
	url.searchParams.set('client_id', CLIENT_ID);
	url.searchParams.set('post_logout_redirect_uri', redirectUri);
	link.href = url.href;
	link.hidden = false;
}

/* A state counts once, and only in the tab that made it. */
function takeRemembered(state) {
	const key = storageKey(state ?? '');
	const stored = sessionStorage.getItem(key);
	sessionStorage.removeItem(key);
	return stored === null ? null : JSON.parse(stored);
}

async function arrive(discovery, returned) {
	const remembered = takeRemembered(returned.state);
	const list = checkRedirect(discovery, returned, remembered);
	if (remembered) showRequest(discovery, remembered);
	showRedirect(returned, list);
	if (list.some((check) => !check.ok)) {
		throw new Problem('This answer belongs to no request of this tab, or comes from another server. An application must not go on with it.');
	}
	if (returned.error) throw new Problem(`The server answered: ${returned.error}. ${returned.error_description ?? ''}`);
	const tokens = await exchange(discovery, returned, remembered);
	const payload = await showIdToken(discovery, tokens, remembered);
	offerSignOut(discovery, tokens);
	showAccessToken(tokens);
	await showUserinfo(discovery, tokens, payload.sub);
	say('status', `You are signed in as ${payload.name ?? payload.preferred_username ?? payload.sub}. These are the steps that it took.`);
}

function showProblem(error) {
	if (!(error instanceof Problem)) console.error(error);
	say('problem', error.message);
	document.getElementById('after').hidden = false;
}

async function start() {
	const query = new URLSearchParams(location.search);
	const returned = Object.fromEntries(query);
	const isAnswer = query.has('code') || query.has('error');
	if (location.search) history.replaceState(null, '', pageUrl);
	if (!isSecureContext) {
		throw new Problem('The browser lets a page sign and check only over https, or at http://localhost. Please open the playground there.');
	}
	const discovery = await discover();
	requireSameOrigin(discovery);
	if (!isAnswer) return showForm(discovery);
	document.getElementById('after').hidden = false;
	if ([...query.keys()].length !== Object.keys(returned).length) throw new Problem('A parameter of the answer is there twice: it must be refused.');
	return arrive(discovery, returned);
}

start().catch(showProblem);
