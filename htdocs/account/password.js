/* A new password, with a meter that says what to do better while it is typed. */
import { post } from './api.js';
import { addReveal, announce, ask, element, field, paragraph } from './ui.js';

const WORDS = ['Very easy to guess', 'Easy to guess', 'Could be better', 'Good', 'Very good'];
const PAUSE_MS = 350;

function addMeter(made, least) {
	const bar = element('div', { class: 'meter', 'aria-hidden': 'true' }, WORDS.map(() => element('span')));
	const words = element('p', { class: 'hint', id: 'meter-words', role: 'status' });
	let waiting;
	let turn = 0;
	const show = (score, text) => {
		bar.dataset.score = score;
		words.textContent = text;
	};
	const check = async (password, mine) => {
		try {
			const { score, problem } = await post('password', { action: 'check', password });
			if (mine === turn) show(score, problem ?? `${WORDS[score]}.`);
		} catch {
			if (mine === turn) show('', ''); /* the meter is a help: sending the form says what is wrong */
		}
	};
	made.input.addEventListener('input', () => {
		const password = made.input.value;
		const missing = least - Array.from(password.normalize('NFC')).length;
		clearTimeout(waiting);
		turn++;
		if (password === '') show('', '');
		else if (missing > 0) show(0, `${missing} more ${missing === 1 ? 'character' : 'characters'} at least.`);
		else waiting = setTimeout(check, PAUSE_MS, password, turn);
	});
	made.node.append(bar, words);
	show('', '');
}

export function changePassword({ account, isFresh, reload }) {
	const intent = { name: 'password' };
	if (!isFresh(intent)) return;
	const password = addReveal(field({ name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password', required: true,
		hint: `At least ${account.password_min_length} characters. You may paste it.` }));
	addMeter(password, account.password_min_length);
	ask({
		title: account.password ? 'Change your password' : 'Set a password',
		content: [
			/* A password manager learns from it whose password this is. */
			element('input', { type: 'text', autocomplete: 'username', value: account.username, hidden: true, readonly: true, 'aria-label': 'User name' }),
			password.node,
			paragraph('All other browsers are signed out then, and applications have to sign you in again.', 'hint'),
		],
		confirm: account.password ? 'Change the password' : 'Set the password',
		fields: { password },
		intent,
		work: async () => {
			await post('password', { action: 'change', password: password.input.value });
			await reload({ focus: 'password-title' });
			announce('Your new password counts from now on.');
		},
	});
}
