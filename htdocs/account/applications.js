/* Who has access to the account, and how to end it. */
import { get, post } from './api.js';
import { announce, ask, button, element, facts, initial, pagedList, panel, paragraph, picture, time } from './ui.js';

export const title = 'Applications';

async function revoke(one, remove) {
	const done = await ask({
		title: `Remove the access of ${one.name}?`,
		content: [paragraph(`${one.name} loses access at once, on all your devices. It may keep what it knows already. If you sign in there again, it asks you again.`)],
		confirm: 'Remove access',
		danger: true,
		work: () => post('applications', { action: 'revoke', client_id: one.client_id }),
	});
	if (!done) return;
	remove();
	document.getElementById('applications-title').focus();
	announce(`${one.name} has no access any more.`);
}

/* Where an application lives, if that is a place of the web. */
function home(uri) {
	try {
		const url = new URL(uri);
		if (url.protocol === 'https:' || url.protocol === 'http:') return element('a', { href: url.href, rel: 'noreferrer' }, url.host);
	} catch { /* none */ }
	return null;
}

function row(one, remove) {
	const shown = { ...one, name: one.name || one.client_id };
	const place = home(one.uri);
	return element('li', { class: 'row', 'data-client': one.client_id },
		picture(one.logo_uri, { size: 40, type: 'logo' }, initial(shown.name, 'logo')),
		element('div', { class: 'what' },
			element('h3', {}, shown.name), place && element('p', { class: 'hint' }, place),
			one.permissions?.length > 0 && element('ul', { class: 'permissions', 'aria-label': `What ${shown.name} may do` }, one.permissions.map((text) => element('li', {}, text))),
			facts([one.granted_at && ['Access since', time(one.granted_at)], ['Last used', time(one.last_used_at)]])),
		button('Remove access', () => revoke(shown, remove), { 'aria-label': `Remove access: ${shown.name}` }));
}

export async function render() {
	const list = await pagedList({
		load: async (after) => {
			const answer = await get('applications', { after });
			return { items: answer.applications, next: answer.next };
		},
		row,
		empty: 'No application has access to your account. When you sign in somewhere with it, you find it here.',
		label: 'Applications with access',
	});
	return [panel('applications', 'With access to your account', list.nodes)];
}
