/* The browsers that are signed in. */
import { get, logoutUrl, post } from './api.js';
import { announce, ask, button, element, facts, pagedList, panel, paragraph, time } from './ui.js';

export const title = 'Sessions';

async function end(one, remove) {
	const device = one.device || 'Unknown browser';
	const done = await ask({
		title: `Sign out ${device}?`,
		content: [facts([['Address', one.address || 'unknown'], ['Last seen', time(one.last_seen_at)]]),
			paragraph('It has to sign in again before it can use this account. If you do not know it, change your password as well.')],
		confirm: 'Sign out',
		danger: true,
		work: () => post('sessions', { action: 'end', sid: one.sid }),
	});
	if (!done) return;
	remove();
	document.getElementById('sessions-title').focus();
	announce(`${device} is signed out.`);
}

function row(one, remove) {
	const device = one.device || 'Unknown browser';
	return element('li', { class: 'row', 'data-sid': one.sid },
		element('div', { class: 'what' },
			element('h3', {}, device, ' ', one.current && element('span', { class: 'tag good' }, 'this browser'), ' ',
				one.two_factors && element('span', { class: 'tag' }, 'two factors')),
			facts([['Address', one.address || 'unknown'], ['First seen', time(one.created_at)], ['Last seen', time(one.last_seen_at)]])),
		one.current ? element('a', { class: 'button', href: logoutUrl() }, 'Sign out')
			: button('Sign out', () => end(one, remove), { 'aria-label': `Sign out ${device}` }));
}

function endOthers(reload) {
	return ask({
		title: 'Sign out everywhere else?',
		content: [paragraph('All browsers but this one have to sign in again, and so have the applications that were used in them. '
			+ 'An application that may stay connected while you are away keeps its access: you end that under “Applications”.')],
		confirm: 'Sign out all others',
		danger: true,
		work: async () => {
			await post('sessions', { action: 'end_others' });
			await reload({ focus: 'sessions-title' });
			announce('All other browsers are signed out.');
		},
	});
}

export async function render({ reload }) {
	const list = await pagedList({
		load: async (after) => {
			const answer = await get('sessions', { after });
			return { items: [...answer.sessions].sort((one, other) => Number(other.current) - Number(one.current)), next: answer.next };
		},
		row,
		empty: 'You are not signed in with any browser.',
		label: 'Browsers that are signed in',
	});
	const several = list.count() > 1 || list.hasMore();
	return [panel('sessions', 'Where you are signed in', several ? [element('div', { class: 'actions' }, button('Sign out all others', () => endOthers(reload), { id: 'end-others' }))]
		: [paragraph('Only in this browser.', 'hint')], list.nodes)];
}
