package dev.weft.cli;

import dev.weft.identity.CertificateInfo;
import java.time.Instant;
import java.util.Locale;

/** A certificate for a person to read. */
final class CertificateText {
  private CertificateText() {}

  static String of(CertificateInfo info, Instant now) {
    StringBuilder text = new StringBuilder();
    line(text, "subject", info.subject());
    info.nodeId().ifPresent(id -> line(text, "node id", id.value()));
    line(text, "fingerprint", info.fingerprint());
    line(text, "issuer", info.issuer());
    line(text, "valid from", info.notBefore().toString());
    line(text, "valid until", info.notAfter().toString());
    line(text, "now", info.at(now).name().toLowerCase(Locale.ROOT).replace('_', ' '));
    line(text, "names", info.names().isEmpty() ? "none" : String.join(", ", info.names()));
    return text.toString();
  }

  private static void line(StringBuilder text, String what, String value) {
    text.append(String.format("%-12s %s%n", what, value));
  }
}
