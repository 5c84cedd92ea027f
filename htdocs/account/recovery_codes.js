/* Codes on paper for the day the phone is gone. They are shown once. */
import { post } from './api.js';
import { announce, ask, button, copy, element, panel, paragraph, save, time } from './ui.js';

/* The dialog ends with its button only: closed by a slip, the codes would be lost. */
export function showCodes(account, codes) {
	const copied = element('p', { class: 'hint', role: 'status' });
	const text = `Recovery codes of ${account.username} at ${account.site_name}. Each works once.\n\n${codes.join('\n')}\n`;
	return ask({
		title: 'Your recovery codes',
		wide: true,
		keep: true,
		content: [
			paragraph('Each of them signs you in once, instead of a code from the app. Keep them where you find them without your phone. They are not shown again.'),
			element('ol', { class: 'codes', id: 'codes', 'aria-label': 'Recovery codes' }, codes.map((code) => element('li', {}, element('code', {}, code)))),
			element('div', { class: 'actions' },
				button('Copy', async () => { copied.textContent = await copy(codes.join('\n'), 'Codes'); }),
				button('Download', () => save(`recovery-codes-${account.username}.txt`, text, 'text/plain')),
				button('Print', () => window.print())),
			copied,
		],
		confirm: 'I have kept them',
		cancel: null,
		work: () => true,
	});
}

export async function makeCodes(context) {
	const intent = { name: 'recovery_codes' };
	if (!context.isFresh(intent)) return;
	const left = context.account.second_factor.recovery_codes;
	const made = await ask({
		title: left > 0 ? 'Make new recovery codes?' : 'Make recovery codes',
		content: [paragraph(left > 0 ? 'The old ones stop working at once, on paper as well.' : 'You get ten codes. Have a pen or a printer at hand, or a safe place for a file.')],
		confirm: left > 0 ? 'Make new codes' : 'Make codes',
		danger: left > 0,
		intent,
		work: () => post('recovery_codes', { action: 'make' }),
	});
	if (!made) return;
	await showCodes(context.account, made.recovery_codes);
	await context.reload({ focus: 'recovery_codes-title' });
	announce('Your new recovery codes count from now on.');
}

export function recoveryPanel(context, { left, created_at: since }) {
	const any = context.account.second_factor.totp || context.account.second_factor.passkeys > 0 || left > 0;
	return panel('recovery_codes', 'Recovery codes', !any
		? paragraph('You get ten codes for emergencies when you set up an authenticator app.')
		: [paragraph(left === 0 ? 'You have none. They get you in when your phone is gone.' : `${left} of 10 are left.`),
			left > 0 && since && element('p', { class: 'hint' }, 'Made on ', time(since, { daysOnly: true })),
			element('div', { class: 'actions' }, button(left > 0 ? 'Make new ones' : 'Make recovery codes', () => makeCodes(context), { id: 'make-codes' }))]);
}
