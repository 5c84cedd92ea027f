// What the account page does: JSON endpoints, called with the browser's cookies from a page of the issuer.
import { request } from './http.mjs';

/** Headers of a page of the issuer's own; undefined removes. */
export function pageHeaders(server, browser, { post = false, ...more } = {}) {
	const headers = {
		Cookie: browser?.cookies.header(server.url('account/overview'), false) || undefined,
		'Sec-Fetch-Site': 'same-origin',
		'Sec-Fetch-Mode': 'cors',
		'User-Agent': 'Mozilla/5.0 (test)',
		...(post ? { Origin: new URL(server.issuer).origin, 'Content-Type': 'application/json' } : {}),
		...more,
	};
	for (const name of Object.keys(headers)) {
		if (headers[name] === undefined)
			delete headers[name];
	}
	return headers;
}

export const accountGet = (server, browser, endpoint, parameters, headers) =>
	request(server.url(`account/${endpoint}`, parameters), { headers: pageHeaders(server, browser, headers) });

/** body: an object, or text that is sent as it stands. */
export const accountPost = (server, browser, endpoint, body, headers) => request(server.url(`account/${endpoint}`), {
	method: 'POST',
	body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
	headers: pageHeaders(server, browser, { post: true, ...headers }),
});

/** Reads a list endpoint, which everybody has, for the CSRF token of this browser's session. */
export async function csrfOf(server, browser) {
	const answer = await accountGet(server, browser, 'activity');
	if (answer.status !== 200)
		throw new Error(`account/activity: ${answer.status} ${answer.text}`);
	return answer.json().csrf;
}

/** A POST as the page makes it, with the token. */
export const act = async (server, browser, endpoint, body) => accountPost(server, browser, endpoint, { csrf: await csrfOf(server, browser), ...body });

/** All items of a list; `between` is called after each page with the items so far. */
export async function everything(server, browser, endpoint, member, between = () => {}) {
	const items = [];
	for (let after, pages = 0; ; pages++) {
		const answer = await accountGet(server, browser, endpoint, { after });
		if (answer.status !== 200 || pages > 100)
			throw new Error(`account/${endpoint}: ${answer.status} after ${pages} pages: ${answer.text}`);
		const page = answer.json();
		items.push(...page[member]);
		after = page.next;
		if (after === undefined)
			return items;
		await between(page[member], pages);
	}
}
