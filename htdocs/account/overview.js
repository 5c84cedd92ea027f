/* The first section: who one is here, and how well the account is protected. */
import { element, facts, initial, panel, paragraph, picture } from './ui.js';

export const title = 'Overview';

/* What there is to say of safety: [fine, sentence, link, what the link says]. */
function checks(account) {
	const has = account.second_factor;
	const any = has.totp || has.passkeys > 0;
	const list = [];
	if (any) list.push([true, has.passkeys > 0 && has.totp ? 'An authenticator app and a passkey protect your account.' : has.totp
		? 'An authenticator app protects your account.' : 'A passkey lets you sign in without a password.', 'security', 'Manage']);
	else list.push([false, 'Your password alone opens this account. Add an authenticator app or a passkey.', 'security', 'Add one']);
	if (has.totp && has.recovery_codes < 3) list.push([false, has.recovery_codes === 0 ? 'You have no recovery codes for the day your phone is gone.'
		: `Only ${has.recovery_codes} of your recovery codes ${has.recovery_codes === 1 ? 'is' : 'are'} left.`, 'security', 'Make new ones']);
	if (account.email === undefined || account.email === null) list.push([false, 'There is no e-mail address to help you back in.', 'profile', 'Add one']);
	else if (!account.email_verified) list.push([false, 'Your e-mail address is not verified.', 'profile', 'Look at it']);
	return list;
}

const ways = [
	['profile', 'Profile', 'Your name, picture and address, as applications see them.'],
	['applications', 'Applications', 'What has access to your account, and how to end it.'],
	['sessions', 'Sessions', 'The browsers you are signed in with.'],
	['data', 'Your data', 'Take a copy with you, or delete the account.'],
];

export function render({ account }) {
	const name = account.name || account.username;
	return [
		element('div', { class: 'panel person' },
			picture(account.picture, { size: 72, type: 'avatar' }, initial(name, 'avatar')),
			element('div', {}, element('p', { class: 'name' }, name),
				facts([['User name', account.username], account.email && ['E-mail', account.email]]))),
		panel('safety', 'How safe it is', element('ul', { class: 'checks' }, checks(account).map(([fine, text, link, label]) => element('li', { class: fine ? 'fine' : 'advice' },
			element('span', { class: 'mark', 'aria-hidden': 'true' }, fine ? '✓' : '!'),
			element('p', {}, element('span', { class: 'unseen' }, fine ? 'Good: ' : 'Advice: '), text),
			element('a', { href: `#${link}` }, label))))),
		element('ul', { class: 'tiles', 'aria-label': 'Sections' }, ways.map(([id, label, text]) => element('li', { class: 'panel' },
			element('h2', {}, element('a', { href: `#${id}` }, label)), paragraph(text)))),
	];
}
