// Waiting for something that will happen, with a deadline instead of a guess.

export function delay(milliseconds) {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The first true value of `probe`; what it threw last, or `what`, is the error when time runs out. */
export async function until(what, probe, seconds = 20, pause = 25) {
	const deadline = Date.now() + seconds * 1000;
	for (;;) {
		let problem = null;
		try {
			const value = await probe();
			if (value)
				return value;
		} catch (error) {
			problem = error;
		}
		if (Date.now() > deadline)
			throw new Error(`waited ${seconds} s in vain: ${what}${problem ? `: ${problem.message}` : ''}`);
		await delay(pause);
	}
}
