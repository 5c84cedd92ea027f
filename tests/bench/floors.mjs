// What a web server's own work costs: lighttpd with a CGI program, a FastCGI program and a file that say "ok".
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { request } from '../lib/http.mjs';
import { freePort, start } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { BENCH } from './report.mjs';

const one = (name) => async () => ({ requests: [{ method: 'GET', path: `/${name}`, headers: {}, status: 200, text: 'ok' }] });

export const FLOORS = {
	static: { title: 'a file', plan: one('floor.txt') },
	cgi: { title: 'null CGI', plan: one('null') },
	fastcgi: { title: 'empty FastCGI', plan: one('floor_fcgi') },
};

export async function serveFloors() {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'latchkey-bench-'));
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	const port = await freePort();
	writeFileSync(path.join(folder, 'floor.txt'), `ok${' '.repeat(2000)}\n`); // as long as discovery
	writeFileSync(path.join(folder, 'lighttpd.conf'), `
server.modules = ( "mod_cgi", "mod_alias", "mod_fastcgi" )
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}"
server.upload-dirs = ( "${folder}" )
server.max-keep-alive-requests = 10000
mimetype.assign = ( ".txt" => "text/plain" )
alias.url = ( "/null" => "${BENCH}/null" )
$HTTP["url"] == "/null" { cgi.assign = ( "" => "" ) }
fastcgi.server = ( "/floor_fcgi" => (( "bin-path" => "${BENCH}/floor_fcgi", "socket" => "${folder}/socket", "max-procs" => 2, "check-local" => "disable" )) )
`);
	const service = start('lighttpd', ['-D', '-f', path.join(folder, 'lighttpd.conf')]);
	const base = `http://127.0.0.1:${port}`;
	await until(`${base} answers`, async () => {
		if (service.over)
			throw new Error(service.output());
		return (await request(`${base}/floor_fcgi`)).status === 200;
	});
	return { base, root: service.child.pid, service };
}
