/* Password, second factors, and what happened. */
import { get, post } from './api.js';
import { activityPanel } from './activity.js';
import { passkeysPanel, addPasskey } from './passkeys.js';
import { changePassword } from './password.js';
import { recoveryPanel, makeCodes } from './recovery_codes.js';
import { setUp, totpPanel } from './totp.js';
import { announce, askFresh, button, element, panel, paragraph, perform, problemLine } from './ui.js';

export const title = 'Security';

function passwordPanel(context) {
	const has = context.account.password;
	return panel('password', 'Password',
		paragraph(has ? `A long sentence that only you think of is best: at least ${context.account.password_min_length} characters, any you like.`
			: 'You have no password here.'),
		element('div', { class: 'actions' }, button(has ? 'Change the password' : 'Set a password', () => changePassword(context), { id: 'change-password' })));
}

function requirePanel({ account, reload }) {
	const { second_factor: has } = account;
	const any = has.totp || has.passkeys > 0;
	const problem = problemLine();
	const box = element('input', { type: 'checkbox', id: 'require', disabled: has.required_by_operator || (!any && !has.required), 'aria-describedby': 'require-hint' });
	box.checked = has.required || has.required_by_operator;
	const form = element('div', { class: 'check' }, box, element('div', {},
		element('label', { for: 'require' }, 'Always ask for a second factor'),
		element('p', { class: 'hint', id: 'require-hint' }, has.required_by_operator ? 'Your organisation asks for this.'
			: any ? 'Then nobody gets in with the password alone, whatever an application asks for.' : 'First add an authenticator app or a passkey.')));
	box.addEventListener('change', () => {
		const wanted = box.checked;
		const undo = () => { box.checked = !wanted; };
		perform({ form, problem, work: async () => {
			try {
				await post('second_factor', { action: 'require', required: wanted });
			} catch (error) {
				undo();
				throw error;
			}
			await reload({ focus: 'require' });
			announce(wanted ? 'A second factor is always asked for.' : 'A second factor is asked for only where it is needed.');
		}, other: (error) => error.fresh && (askFresh({ name: 'require' }), true) });
	});
	return panel('second-factor', 'Second factor', form, problem);
}

export async function render(context) {
	const [totp, codes, keys, activity] = await Promise.all([get('totp'), get('recovery_codes'), get('passkeys'), activityPanel()]);
	return [passwordPanel(context), totpPanel(context, totp), recoveryPanel(context, codes), passkeysPanel(context, keys.passkeys), requirePanel(context), activity];
}

/* Back from a fresh sign-in: on with what was about to be done. */
export function begin(context) {
	const on = { password: changePassword, totp: setUp, recovery_codes: makeCodes, passkey: addPasskey };
	const { intent } = context;
	if (intent && Object.hasOwn(on, intent.name)) on[intent.name](context);
	else if (intent) document.getElementById(intent.name === 'require' ? 'require' : `${intent.name}-title`)?.focus();
}
