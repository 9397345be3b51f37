package dev.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NetcheckReportTest {
  private static String report(String json) throws Exception {
    return new NetcheckReport(Json.mapper().readTree(json), Map.of("00000000000000c3", "relay"))
        .toString();
  }

  @Test
  void shouldTellAllInEightyColumns() throws Exception {
    String text =
        report(
            """
            {"node":"00000000000000a1","port":"192.168.1.2:7654","udp":"yes","ipv6":"unknown",
             "mapping":"endpoint-independent","filtering":"address-and-port-dependent",
             "hairpin":"no","lifetime":{"alive":30,"expired":45},"keepaliveMillis":10000,
             "publicAddresses":["198.51.100.7:7654"],
             "seenBy":[{"server":"198.51.100.1:7654","seen":"198.51.100.7:7654"},
                       {"server":"198.51.100.2:7654"}],
             "portMapping":{"reason":"192.168.1.1 answers neither PCP nor NAT-PMP"},
             "ways":[{"node":"00000000000000b2","name":"n2","kind":"mesh","via":"00000000000000c3",
                      "rttMicros":9120,
                      "reason":"node n2 at 10.0.0.2:51111: connection timed out after a while"},
                     {"node":"00000000000000c3","kind":"direct"},
                     {"node":"00000000000000d4","name":"n4","kind":"punched",
                      "path":"udp 203.0.113.9:41877","rttMicros":14250,"mtu":1350}]}
            """);

    assertThat(text)
        .isEqualTo(
            """
            UDP           yes, port 192.168.1.2:7654
            IPv6          unknown
            mapping       endpoint-independent: the public port is the same for all
            filtering     address-and-port-dependent
            hairpin       no
            lifetime      stood after 30 s of silence, gone after 45 s
            keepalive     every 10 s
            public        198.51.100.7:7654
            port mapping  none: 192.168.1.1 answers neither PCP nor NAT-PMP

            ASKED              SEES
            198.51.100.1:7654  198.51.100.7:7654
            198.51.100.2:7654  no answer

            NODE              WAY      VIA                    RTT         MTU
            n2                mesh     relay                  9.120 ms      -
            00000000000000c3  direct   -                      -             -
            n4                punched  udp 203.0.113.9:41877  14.250 ms  1350

            Why not better:
              n2: node n2 at 10.0.0.2:51111: connection timed out after a while
            """);
    assertThat(text.lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void shouldSayWhatANodeWithoutAPortDoesNotKnow() throws Exception {
    String text =
        report(
            """
            {"node":"00000000000000a1","udp":"unknown","ipv6":"unknown","mapping":"unknown",
             "filtering":"unknown","hairpin":"unknown","lifetime":{},"keepaliveMillis":3000,
             "publicAddresses":[],"seenBy":[],
             "portMapping":{"reason":"this node has no UDP port"},"ways":[]}
            """);

    assertThat(text)
        .isEqualTo(
            """
            UDP           no UDP port
            IPv6          unknown
            mapping       unknown
            filtering     unknown
            hairpin       unknown
            lifetime      not measured
            keepalive     every 3 s
            public        unknown
            port mapping  none: this node has no UDP port
            """);
  }

  @Test
  void shouldBreakLongReasonsAtSpaces() throws Exception {
    String reason = "reason ".repeat(30).strip();

    String text =
        report(
            """
            {"udp":"no","ipv6":"no","mapping":"no-nat","filtering":"unknown","hairpin":"unknown",
             "lifetime":{},"keepaliveMillis":3500,"portMapping":{"reason":"%s"}}
            """
                .formatted(reason));

    assertThat(text.lines()).allMatch(line -> line.length() <= 80);
    assertThat(text.replaceAll("\\s+", " ")).contains("none: " + reason).contains("every 3.5 s");
  }
}
