// `make bench`: one request as a process, and many through a web server. Started by tests/bench/run.
import { benchProcesses } from './by_process.mjs';
import { benchServer } from './by_server.mjs';
import { machineText, options, save } from './report.mjs';

const given = options({ quick: false, processes: false, server: false, rounds: 0, seconds: 0 });
const { names, quick } = given;
const both = given.processes === given.server;

try {
	console.log(`${machineText()}\n`);
	const figures = {};
	if (both || given.processes)
		figures.processes = await benchProcesses({ names, quick, rounds: quick ? 50 : 300 });
	if (both || given.server)
		figures.server = await benchServer({ names, connections: [1, 16], warmUp: quick ? 0 : 1, rounds: given.rounds || (quick ? 1 : 2), seconds: given.seconds || (quick ? 1 : 2) });
	if (!figures.processes && !figures.server)
		throw new Error(`no operation's name contains ${names.join(' or ')}`);
	console.log(`All figures: ${save('bench', figures)}`);
	if (figures.server?.void)
		throw new Error('There were wrong answers: this run counts for nothing.');
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
}
process.exit(); // and with it whatever had begun to start
