/* Apart from second_factor.c: only the programs that show a QR code need libqrencode, which is a shared library. */
#include "lib/identity/second_factor.h"

#include <qrencode.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/crypto/base64.h"
#include "lib/protocol/errors.h"

enum { MARGIN = 4 }; /* modules: ISO/IEC 18004 9.1 */
enum { WIDEST = 177 };

const char *totp_qr_code(struct context *c, const char *uri)
{
	unsigned char *modules = arena_alloc(c->arena, WIDEST * WIDEST);
	QRcode *code = QRcode_encodeString8bit(uri, 0, QR_ECLEVEL_M);
	if (!code || code->width > WIDEST)
		fail(c, "the QR code of an app's seed could not be made");
	int width = code->width;
	memcpy(modules, code->data, (size_t)width * (size_t)width);
	QRcode_free(code); /* before anything that may leave for want of memory */

	struct buffer out = buffer_create(c->arena, 16384);
	buffer_format(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
		"<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"", width + 2 * MARGIN, width + 2 * MARGIN,
		width + 2 * MARGIN, width + 2 * MARGIN);
	for (int y = 0; y < width; y++) {
		for (int x = 0; x < width;) {
			int run = 0;
			while (x + run < width && (modules[y * width + x + run] & 1))
				run++;
			if (run > 0)
				buffer_format(&out, "M%d %dh%dv1h-%dz", x + MARGIN, y + MARGIN, run, run);
			x += run + 1;
		}
	}
	buffer_text(&out, "\"/></svg>");
	return arena_format(c->arena, "data:image/svg+xml;base64,%s", base64_encode(c->arena, out.data, out.length));
}
