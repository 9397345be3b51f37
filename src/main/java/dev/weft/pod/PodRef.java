package dev.weft.pod;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.weft.bus.Fault;
import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * A pod's name within its namespace (the Kubernetes kind of namespace), written {@code ns/name}.
 *
 * @param ns 1 to 63 characters, a DNS label (RFC 1123)
 * @param name 1 to 253 characters, a DNS subdomain (RFC 1123)
 */
public record PodRef(String ns, String name) implements Comparable<PodRef> {
  public static final String DEFAULT_NAMESPACE = "default";

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern SUBDOMAIN =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Comparator<PodRef> ORDER =
      Comparator.comparing(PodRef::ns).thenComparing(PodRef::name);

  public PodRef {
    if (ns == null || !LABEL.matcher(ns).matches()) {
      throw Fault.invalid(
          "pod namespace", ns, "1 to 63 lower-case letters, digits or '-', as in default");
    }
    if (name == null || name.length() > 253 || !SUBDOMAIN.matcher(name).matches()) {
      throw Fault.invalid(
          "pod name", name, "1 to 253 lower-case letters, digits, '-' or '.', as in r1");
    }
  }

  /** {@code name} or {@code ns/name}. */
  @JsonCreator
  public static PodRef parse(String text) {
    int slash = text.indexOf('/');
    return slash < 0
        ? new PodRef(DEFAULT_NAMESPACE, text)
        : new PodRef(text.substring(0, slash), text.substring(slash + 1));
  }

  @Override
  public int compareTo(PodRef other) {
    return ORDER.compare(this, other);
  }

  @JsonValue
  @Override
  public String toString() {
    return ns + "/" + name;
  }
}
