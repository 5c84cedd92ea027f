/* A copy of everything, and the end of the account. */
import { get, post } from './api.js';
import { announce, ask, button, duration, element, field, panel, paragraph, perform, problemLine, save } from './ui.js';

export const title = 'Your data';

/* Time to change one's mind; below a minute it is not worth a word. */
const grace = (account) => (account.deletion_seconds >= 60 ? duration(account.deletion_seconds) : null);

function exportPanel({ account, isFresh }) {
	const problem = problemLine();
	const download = button('Download my data', () => {
		if (!isFresh({ name: 'export' })) return;
		perform({ form: download, problem, work: async () => {
			const { csrf, ...answer } = await get('export');
			save(`${account.username}.json`, `${JSON.stringify(answer, null, 2)}\n`, 'application/json');
			announce('Your data is downloaded.');
		}, other: (error) => error.fresh && (account.fresh = false, isFresh({ name: 'export' }), true) });
	}, { id: 'export' });
	return panel('copy', 'A copy of your data',
		paragraph('All that this server knows of you, in one JSON file: your profile, applications, sessions, passkeys, and what happened.'),
		problem, element('div', { class: 'actions' }, download));
}

function remove({ account, isFresh, reload }) {
	if (!isFresh({ name: 'delete' })) return;
	const name = field({ name: 'username', label: `To confirm, type your user name: ${account.username}`, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
	ask({
		title: 'Delete your account?',
		content: [paragraph(`You lose access to every application that you use with it. ${grace(account) ? `For ${grace(account)} you can still change your mind: sign in and choose “Keep my account”. `
			+ 'After that, nobody can bring it back.' : 'Nobody can bring it back.'}`), name.node],
		confirm: 'Delete my account',
		danger: true,
		fields: { username: name },
		intent: { name: 'delete' },
		work: async () => {
			if (name.input.value.trim() !== account.username) {
				name.setProblem('This is not your user name.');
				name.input.focus();
				return Promise.reject(Object.assign(new Error(''), { shown: true }));
			}
			await post('deletion', { action: 'delete' });
			await reload({ focus: 'heading' });
			announce('Your account will be deleted.');
			return true;
		},
	});
}

export function render(context) {
	const { account } = context;
	return [
		exportPanel(context),
		panel('delete', 'Delete your account', account.deletion_at ? paragraph('It is on its way: see above.')
			: [paragraph(grace(account) ? `Your account goes with all that belongs to it, after ${grace(account)} in which you can change your mind.`
				: 'Your account goes with all that belongs to it, and cannot be brought back.'),
				element('div', { class: 'actions' }, button('Delete my account', () => remove(context), { class: 'button danger', id: 'delete-account' }))]),
	];
}

export function begin(context) {
	if (context.intent?.name === 'delete') remove(context);
	if (context.intent?.name === 'export') document.getElementById('export').focus();
}
