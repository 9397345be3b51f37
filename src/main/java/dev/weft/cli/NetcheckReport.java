package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A network check for people, in lines of 80 characters. */
final class NetcheckReport {
  private static final int WIDTH = 80;
  private static final int INDENT = 14;

  private final JsonNode check;
  private final Map<String, String> names;

  /**
   * @param names of members, by id
   */
  NetcheckReport(JsonNode check, Map<String, String> names) {
    this.check = check;
    this.names = names;
  }

  /** Lines, each with its end. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    line(text, "UDP", udp());
    line(text, "IPv6", word("ipv6"));
    line(text, "mapping", said("mapping", "the public port"));
    line(text, "filtering", said("filtering", "who is let in"));
    line(text, "hairpin", word("hairpin"));
    line(text, "lifetime", lifetime());
    line(text, "keepalive", "every " + seconds(check.path("keepaliveMillis").asLong()));
    line(text, "public", publicAddresses());
    line(text, "port mapping", portMapping());
    if (!check.path("seenBy").isEmpty()) {
      text.append(System.lineSeparator()).append(seenBy());
    }
    if (!check.path("ways").isEmpty()) {
      text.append(System.lineSeparator()).append(ways());
      reasons(text);
    }
    return text.toString();
  }

  private String word(String field) {
    return check.path(field).asText();
  }

  private String udp() {
    return check.has("port") ? word("udp") + ", port " + word("port") : "no UDP port";
  }

  private String said(String field, String what) {
    String verdict = word(field);
    return switch (verdict) {
      case "endpoint-independent" -> verdict + ": " + what + " is the same for all";
      case "address-dependent" -> verdict + ": " + what + " depends on the other's address";
      case "address-and-port-dependent" ->
          verdict + (field.equals("mapping") ? " (symmetric NAT)" : "");
      case "no-nat" -> "no NAT: others see an address of this host";
      default -> verdict;
    };
  }

  private String lifetime() {
    JsonNode lifetime = check.path("lifetime");
    boolean stood = lifetime.has("alive");
    boolean gone = lifetime.has("expired");
    if (!stood && !gone) {
      return "not measured";
    }
    String alive = stood ? "stood after " + lifetime.path("alive").asLong() + " s of silence" : "";
    String expired = gone ? "gone after " + lifetime.path("expired").asLong() + " s" : "";
    return alive + (stood && gone ? ", " : "") + expired;
  }

  private static String seconds(long millis) {
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis / 1000.0 + " s";
  }

  private String publicAddresses() {
    List<String> all = new ArrayList<>();
    check.path("publicAddresses").forEach(at -> all.add(at.asText()));
    return all.isEmpty() ? "unknown" : String.join(", ", all);
  }

  private String portMapping() {
    JsonNode mapping = check.path("portMapping");
    return mapping.has("external")
        ? mapping.path("external").asText()
            + " by "
            + mapping.path("protocol").asText()
            + " of "
            + mapping.path("router").asText()
        : "none: " + mapping.path("reason").asText();
  }

  private TextTable seenBy() {
    TextTable table = new TextTable("ASKED", "SEES");
    for (JsonNode server : check.path("seenBy")) {
      table.row(server.path("server").asText(), server.path("seen").asText("no answer"));
    }
    return table;
  }

  private TextTable ways() {
    TextTable table = new TextTable("NODE", "WAY", "VIA", "RTT", "MTU");
    for (JsonNode way : check.path("ways")) {
      String via = way.path("via").asText("");
      table.row(
          name(way),
          way.path("kind").asText(""),
          way.has("path") ? way.path("path").asText() : names.getOrDefault(via, via),
          way.has("rttMicros") ? ListDescription.millis(way.path("rttMicros").asLong()) : "",
          way.path("mtu").asText(""));
    }
    return table;
  }

  private static String name(JsonNode way) {
    return way.path("name").asText(way.path("node").asText());
  }

  /** They are longer than a column. */
  private void reasons(StringBuilder text) {
    boolean first = true;
    for (JsonNode way : check.path("ways")) {
      if (way.has("reason")) {
        text.append(
            first ? System.lineSeparator() + "Why not better:" + System.lineSeparator() : "");
        wrap(text, "  " + name(way) + ": ", 4, way.path("reason").asText());
        first = false;
      }
    }
  }

  private static void line(StringBuilder text, String label, String value) {
    wrap(text, label + " ".repeat(INDENT - label.length()), INDENT, value);
  }

  /**
   * Lines that are broken at spaces.
   *
   * @param indent of all lines but the first
   */
  private static void wrap(StringBuilder text, String head, int indent, String value) {
    StringBuilder line = new StringBuilder(head);
    boolean begun = false;
    // What a peer says must not drive the terminal.
    for (String word : value.replaceAll("\\p{Cntrl}", "?").split(" ", -1)) {
      if (begun && line.length() + 1 + word.length() > WIDTH) {
        text.append(line).append(System.lineSeparator());
        line = new StringBuilder(" ".repeat(indent));
        begun = false;
      }
      line.append(begun ? " " : "").append(word);
      begun = true;
    }
    text.append(line).append(System.lineSeparator());
  }
}
