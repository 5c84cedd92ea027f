/* What happened to the account, newest first. */
import { get } from './api.js';
import { element, pagedList, panel, paragraph, time } from './ui.js';

function row(one) {
	return element('li', { class: 'row event' }, element('div', { class: 'what' },
		element('p', {}, one.text),
		element('p', { class: 'hint' }, time(one.at), one.application && ` · ${one.application}`, one.address && ` · ${one.address}`)));
}

export async function activityPanel() {
	const list = await pagedList({
		load: async (after) => {
			const answer = await get('activity', { after });
			return { items: answer.events, next: answer.next };
		},
		row,
		empty: 'Nothing happened yet.',
		label: 'Events',
	});
	return panel('activity', 'Recent activity', paragraph('If there is something that was not you, change your password and sign out all other browsers.', 'hint'), list.nodes);
}
