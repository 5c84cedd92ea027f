/* An authenticator app (RFC 6238): a picture to scan or a key to type, and a code that shows that it worked. */
import { post } from './api.js';
import { showCodes } from './recovery_codes.js';
import { announce, ask, askFresh, button, copy, element, field, panel, paragraph, perform, problemLine, time } from './ui.js';

const grouped = (seed) => seed.replaceAll(/(.{4})(?=.)/g, '$1 ');

export async function setUp(context) {
	const intent = { name: 'totp' };
	if (!context.isFresh(intent)) return;
	const problem = document.getElementById('totp-problem') ?? problemLine();
	const begun = await perform({ form: document.getElementById('totp'), problem, work: () => post('totp', { action: 'begin' }),
		other: (error) => error.fresh && (askFresh(intent), true) });
	if (!begun) return;
	const copied = element('p', { class: 'hint', role: 'status' });
	const code = field({ name: 'code', label: 'Code from the app', inputmode: 'numeric', autocomplete: 'one-time-code', required: true, maxlength: 12, class: 'code' });
	const done = await ask({
		title: 'Set up an authenticator app',
		wide: true,
		content: [element('ol', { class: 'setup' },
			element('li', {}, paragraph('Scan this with the app on your phone:'),
				element('img', { class: 'qr', src: begun.qr_code, alt: 'QR code with the key that stands below', width: 208, height: 208 }),
				element('details', {}, element('summary', {}, 'Without a camera'),
					paragraph('Type this key into the app (based on time, six digits), or open it on this device.'),
					element('p', { class: 'seed' }, element('code', { id: 'seed' }, grouped(begun.seed))),
					element('div', { class: 'actions' }, button('Copy the key', async () => { copied.textContent = await copy(begun.seed, 'Key'); }),
						element('a', { class: 'button', href: begun.uri }, 'Open in an app')), copied)),
			element('li', {}, paragraph('The app now shows a code of six digits. Type it here:'), code.node))],
		confirm: 'Confirm',
		fields: { code },
		intent,
		work: () => post('totp', { action: 'confirm', code: code.input.value }),
	});
	if (!done) return;
	if (done.recovery_codes) await showCodes(context.account, done.recovery_codes);
	await context.reload({ focus: 'totp-title' });
	announce('Your authenticator app is set up.');
}

function remove({ isFresh, reload }) {
	const intent = { name: 'totp-remove' };
	if (!isFresh(intent)) return;
	ask({
		title: 'Remove the authenticator app?',
		content: [paragraph('Its codes do not count any more. If you have no passkey, your password alone opens your account then.')],
		confirm: 'Remove the app',
		danger: true,
		intent,
		work: async () => {
			await post('totp', { action: 'remove' });
			await reload({ focus: 'totp-title' });
			announce('The authenticator app is removed.');
		},
	});
}

export function totpPanel(context, { state, confirmed_at: since }) {
	const problem = problemLine();
	problem.id = 'totp-problem';
	return panel('totp', 'Authenticator app', state === 'confirmed'
		? [element('p', {}, element('span', { class: 'tag good' }, 'set up'), since ? [' since ', time(since, { daysOnly: true })] : ''),
			problem, element('div', { class: 'actions' }, button('Remove', () => remove(context), { 'aria-label': 'Remove the authenticator app', id: 'totp-remove' }))]
		: [paragraph('An app on your phone shows a new code every half minute. You type it after the password.'),
			problem, element('div', { class: 'actions' }, button('Set up', () => setUp(context), { 'aria-label': 'Set up an authenticator app', id: 'totp-set-up', class: 'button primary' }))]);
}
