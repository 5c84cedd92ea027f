// The web servers that Latchkey is tested under, each with its file of scripts/servers as an operator would use it.
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { childrenOf, run, start } from './process.mjs';
import { ROOT, startServer } from './server.mjs';
import { until } from './wait.mjs';

const found = (...files) => files.find(existsSync);
const NGINX = found('/usr/sbin/nginx', '/usr/bin/nginx');
const APACHE = found('/usr/sbin/apache2', '/usr/sbin/httpd');
const FCGIWRAP = found('/usr/sbin/fcgiwrap', '/usr/bin/fcgiwrap');
const SPAWN = found('/usr/bin/spawn-fcgi');
const BUSYBOX = found('/bin/busybox', '/usr/bin/busybox');
const H2O = found('/usr/bin/h2o');
const UWSGI = found('/usr/bin/uwsgi');
const UWSGI_CGI = found('/usr/lib/uwsgi/plugins/cgi_plugin.so');
const CIVETWEB = found('/usr/bin/civetweb');

const APACHE_LACKS = {
	'two cookie headers': 'Apache joins them by a comma (RFC 6265 5.4 allows one)',
	'long locations': 'Apache takes no header of more than 8 KiB from a program',
};

/**
 * name: what `configure` is asked for. needs: programs. fastcgi: endpoints stay. serve: options of scripts/serve.
 * lacks: { what: reason }, of what tests/servers/http.mjs asks for.
 * starts(place): the programs, each [command, arguments, environment], the web server last; `place.file` is its configuration.
 */
const CATALOGUE = {
	'lighttpd': { serve: [] },
	'lighttpd-fastcgi': { serve: ['--fastcgi'], fastcgi: true },
	'nginx-fcgiwrap': {
		needs: { nginx: NGINX, fcgiwrap: FCGIWRAP },
		starts: ({ file, folder }) => [
			fcgiwrap(folder),
			[NGINX, ['-c', file, '-e', 'stderr']],
		],
	},
	'nginx-fastcgi': {
		needs: { 'nginx': NGINX, 'spawn-fcgi': SPAWN },
		fastcgi: true,
		starts: ({ file, ...place }) => [fastcgiStart(place), [NGINX, ['-c', file, '-e', 'stderr']]],
	},
	'apache-cgi': {
		needs: { apache2: APACHE },
		lacks: { ...APACHE_LACKS, 'long queries': 'mod_cgid takes no variable of more than 8 KiB' },
		starts: ({ file }) => [apache(file)],
	},
	'apache-prefork': { needs: { apache2: APACHE }, lacks: APACHE_LACKS, starts: ({ file }) => [apache(file)] },
	'apache-fastcgi': {
		needs: { 'apache2': APACHE, 'spawn-fcgi': SPAWN },
		lacks: APACHE_LACKS,
		fastcgi: true,
		starts: ({ file, ...place }) => [fastcgiStart(place), apache(file)],
	},
	'busybox': {
		needs: { busybox: BUSYBOX },
		lacks: {
			'Basic': 'busybox httpd decodes Authorization: Basic in place, so endpoints see no header: client_secret_post works, and Bearer',
			'two lengths': 'the last of two Content-Length counts',
			'long queries': 'busybox httpd takes URLs of 8 KiB',
			'HEAD of files': 'busybox httpd sends the file',
			'preflight of files': 'a file is not asked by OPTIONS: 501',
			'static headers': 'busybox httpd has no headers for files',
			'CORS of files': 'busybox httpd has no headers for files; the endpoints discovery and jwks have them',
			'conditional requests': 'busybox httpd sends the file again',
			'exact names': 'what follows the name of an endpoint is passed on as PATH_INFO, which endpoints ignore',
			'plain paths': 'dots are resolved, not refused',
			'a path': 'busybox httpd executes what is in /cgi-bin/ of its root, and nothing else',
		},
		starts: ({ file }) => [together('/bin/sh', '-c', commandsIn(file))],
	},
	'h2o': {
		needs: { h2o: H2O, fcgiwrap: FCGIWRAP },
		lacks: {
			'two lengths': 'the first of two Content-Length counts',
			'plain paths': 'dots are resolved, not refused',
		},
		starts: ({ file, folder }) => [fcgiwrap(folder), abruptly(H2O, '-c', file)],
	},
	'uwsgi': {
		needs: { 'uwsgi': UWSGI, 'its plugin cgi': UWSGI_CGI },
		lacks: { 'two cookie headers': 'uWSGI joins them by a comma (RFC 6265 5.4 allows one)' },
		starts: ({ file }) => [together(UWSGI, '--ini', file)],
	},
	'civetweb': {
		needs: { civetweb: CIVETWEB },
		lacks: {
			'two lengths': 'the first of two Content-Length counts',
			'PUT': 'CivetWeb answers PUT, DELETE and PATCH itself: 401',
			'huge lengths': 'CivetWeb waits for a body of any length for request_timeout_ms',
			'large bodies': 'CivetWeb answers 500 where a program leaves most of a body unread',
			'preflight of files': 'CivetWeb could only answer all preflights itself, those of endpoints too',
			'cache time of files': 'CivetWeb has one for all files',
			'policies by folder': 'CivetWeb has one set of headers for all files',
			'exact names': 'what follows the name of an endpoint is passed on as PATH_INFO, which endpoints ignore',
			'plain paths': 'dots are resolved, not refused',
		},
		starts: ({ file }) => [together(CIVETWEB, file)],
	},
};

/** The commands that a configuration says in its comments, after "#$ ". */
function commandsIn(file) {
	return readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith('#$ ')).map((line) => line.slice(3)).join('\n');
}

/** A program that ends without its children: all of its session end with it. */
function together(...command) {
	return ['/usr/bin/setsid', ['/bin/sh', '-c', 'trap "trap : TERM; kill -s TERM 0" TERM; "$@" & wait; wait', 'sh', ...command]];
}

/** fcgiwrap ends without its children, so all of its session end together. */
function fcgiwrap(folder) {
	return together(FCGIWRAP, '-f', '-c', '8', '-s', `unix:${folder}/fcgiwrap.socket`);
}

/** h2o would wait for the connections that a client keeps. */
function abruptly(...command) {
	return ['/usr/bin/setsid', ['/bin/sh', '-c', 'trap "kill -s KILL 0" TERM; "$@" & wait', 'sh', ...command]];
}

/** The prefork MPM ends by a signal to its whole process group. */
function apache(file) {
	return ['/usr/bin/setsid', [APACHE, '-f', file, '-DFOREGROUND']];
}

function fastcgiStart({ scripts, cgiBin, config, folder }) {
	return [path.join(scripts, 'fastcgi-start'), [cgiBin, config, folder]];
}

export const SERVERS = Object.keys(CATALOGUE);

/** What startServer starts unless a test names another one. */
export const USUAL_SERVER = process.env.LATCHKEY_TEST_SERVER || 'lighttpd';

export function isFastcgi(name) {
	return Boolean(CATALOGUE[name].fastcgi);
}

/** False, or why this server does not do something that others do: for `skip`. */
export function lacks(name, what) {
	return CATALOGUE[name].lacks?.[what] ?? false;
}

/** All of that: [[what, why], …] */
export function lacksOf(name) {
	return Object.entries(CATALOGUE[name].lacks ?? {});
}

/** False, or why this server cannot be tested here: for `skip`. */
export function missingFor(name) {
	const missing = Object.entries(CATALOGUE[name].needs ?? {}).filter(([, file]) => !file).map(([program]) => program);
	return missing.length > 0 ? `needs ${missing.join(', ')}` : false;
}

/** Who runs it where the tests are root: no web server does CGI as root but lighttpd. */
function servant() {
	if (process.getuid() !== 0)
		return {};
	const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((one) => one.startsWith('www-data:'));
	if (!line)
		throw new Error('there is no user www-data');
	const [, , uid, gid] = line.split(':').map(Number);
	return { uid, gid };
}

async function give(folder, { uid, gid }) {
	await chown(folder, uid, gid);
	for (const entry of await readdir(folder, { recursive: true }))
		await chown(path.join(folder, entry), uid, gid);
}

/** The built programs and the static files where that user can read them: in place if possible. */
async function reachable(folder, who) {
	const places = {
		cgiBin: path.join(ROOT, 'build/cgi-bin'), htdocs: path.join(ROOT, 'htdocs'), scripts: path.join(ROOT, 'scripts/servers'), deliver: path.join(ROOT, 'build/bin/deliver'),
	};
	if (who.uid === undefined)
		return places;
	const look = await run('/bin/sh', ['-c', 'test -x "$0/token" && test -r "$1/index.html"', places.cgiBin, places.htdocs], { ...who, cwd: '/' });
	if (look.code === 0)
		return places;
	const copies = {};
	for (const [name, from] of Object.entries(places)) {
		copies[name] = path.join(folder, 'copies', path.basename(from));
		await cp(from, copies[name], { recursive: true });
	}
	await give(folder, who);
	return copies;
}

/** Processes that are this installation's endpoints at work. */
function endpointsOf(config, cgiBin) {
	return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
		try {
			return readlinkSync(`/proc/${pid}/exe`).startsWith(cgiBin) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`LATCHKEY_CONFIG=${config}`);
		} catch {
			return false;
		}
	}).map(Number);
}

async function launchOther(server, name) {
	const entry = CATALOGUE[name];
	const why = missingFor(name);
	if (why)
		throw new Error(`${name} ${why}`);
	const who = servant();
	const folder = path.join(server.directory, 'web-server');
	await mkdir(folder, { mode: 0o750 });
	const { cgiBin, htdocs, scripts, deliver } = await reachable(folder, who);
	await server.latchkey(['publish']);
	const made = await run(path.join(ROOT, 'scripts/servers/configure'),
		[name, `port=${server.port}`, `cgi_bin=${cgiBin}`, `htdocs=${htdocs}`, `run=${folder}`], { env: server.environment });
	if (made.code !== 0)
		throw new Error(made.stderr);
	const file = path.join(folder, `${name}.conf`);
	await writeFile(file, made.stdout);
	if (who.uid !== undefined) {
		await chmod(server.directory, 0o700);
		await give(server.directory, who);
	}
	const options = { cwd: '/', ...who };
	const { LATCHKEY_CONFIG: _, ...plain } = server.environment;
	const services = [];
	const stop = async () => {
		for (const service of services.toReversed())
			await service.stop();
	};
	const begin = ([command, args, environment]) => start(command, args, { ...options, env: { ...plain, ...environment } });
	const programs = [
		[deliver, ['--watch'], { LATCHKEY_CONFIG: server.config }],
		...entry.starts({ file, folder, cgiBin, htdocs, scripts, config: server.config, port: server.port, server }),
	];
	try {
		for (const program of programs)
			services.push(begin(program));
		if (entry.fastcgi)
			await until('the endpoints have their sockets', () => services[1].over || services[1].output().includes('wait in'));
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		child: services.at(-1).child,
		get over() {
			return services.slice(1).some((service) => service.over);
		},
		output: () => services.map((service) => service.output()).join(''),
		stop,
		quiet: () => until('every endpoint has ended', () => entry.fastcgi || endpointsOf(server.config, cgiBin).length === 0),
		endpoints: () => endpointsOf(server.config, cgiBin),
		programs: services,
		/** The first program after deliver again, which has ended. */
		restart: () => (services[1] = begin(programs[1])),
		folder,
	};
}

/** Starts the web server for this installation: { child, over, output(), stop(), quiet(), endpoints() }, and `programs` where there are several. */
export async function launch(server, name = USUAL_SERVER) {
	if (!CATALOGUE[name])
		throw new Error(`there is no server ${name}: ${SERVERS.join(', ')}`);
	const { serve, fastcgi } = CATALOGUE[name];
	if (!serve)
		return launchOther(server, name);
	const service = start(path.join(ROOT, 'scripts/serve'), ['--port', String(server.port), ...serve], { env: server.environment, cwd: ROOT });
	service.quiet = () => {
		const [lighttpd] = childrenOf(service.child.pid);
		return until('every endpoint has ended', () => fastcgi || childrenOf(lighttpd).length === 0);
	};
	service.endpoints = () => endpointsOf(server.config, path.join(ROOT, 'build/cgi-bin'));
	return service;
}

/** startServer of server.mjs, under this web server. */
export function startUnder(name, options = {}) {
	return startServer({ ...options, webServer: name });
}
