/*
 * The main program of every endpoint: the same executable serves one request as CGI, or many as FastCGI where the
 * web server started it with a listening socket as its standard input.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/endpoint/endpoint.h"
#include "lib/endpoint/fastcgi.h"
#include "lib/endpoint/serve.h"
#include "lib/process/process.h"
#include "lib/process/supervisor.h"

extern char **environ;

int main(int argc, char **argv)
{
	static struct context c;
	static struct kept kept;

	if (argc == 2 && !getenv("GATEWAY_INTERFACE") && text_equal(argv[1], "--describe")) {
		endpoint_describe(&endpoint);
		return 0;
	}
	process_prepare();
	log_start(endpoint.name);
	if (!serve_prepare(&c, &kept))
		process_leave(1);
	if (supervisor_is_socket(STDIN_FILENO))
		fastcgi_main(&c, &kept);

	const struct channel channel = channel_of_descriptors(environ, STDIN_FILENO, STDOUT_FILENO);
	process_leave(serve_request(&c, &kept, &channel) ? 0 : 1);
}
