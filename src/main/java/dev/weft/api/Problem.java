package dev.weft.api;

import dev.weft.bus.Fault;
import java.util.List;
import java.util.Locale;

/**
 * An error as RFC 9457 gives it.
 *
 * @param type {@code urn:weft:problem:KIND}; the kind is stable, for programs
 * @param detail names the offending value and what was expected
 * @param instance the path that was asked for
 * @param errors what of the request does not fit the contract; null if it does
 */
record Problem(
    String type,
    String title,
    int status,
    String detail,
    String instance,
    List<Violations.Violation> errors) {

  static Problem of(Fault fault, String detail, String instance) {
    String kind = fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
    return of(kind, fault.httpStatus(), detail, instance);
  }

  static Problem of(String kind, int status, String detail, String instance) {
    String title = Character.toUpperCase(kind.charAt(0)) + kind.substring(1).replace('-', ' ');
    return new Problem("urn:weft:problem:" + kind, title, status, detail, instance, null);
  }

  static Problem invalid(List<Violations.Violation> errors, String instance) {
    String detail = String.join("; ", errors.stream().map(Violations.Violation::toString).toList());
    Problem plain = of(Fault.INVALID, detail, instance);
    return new Problem(plain.type, plain.title, plain.status, detail, instance, errors);
  }
}
