package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Json;
import dev.weft.config.SubnetsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemberRowTest {
  private static final String BEGIN =
      "{\"subnet\":\"10.42.1.0/24\",\"endpoint\":\"192.0.2.1\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1450";

  @Test
  void shouldDoWithoutWhatAMemberLeavesOutOfItsLists() {
    MemberRow row =
        Json.read(
            BEGIN
                + ",\"strays\":[null,\"10.42.3.10\"],\"guests\":{\"10.42.1.9\":null},"
                + "\"wireguard\":[null,{\"generation\":1,\"port\":51820}]}",
            MemberRow.class);

    assertThat(row.strays()).containsExactly("10.42.3.10");
    assertThat(row.guests()).isEmpty();
    assertThat(row.wireguard()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "}|VXLAN|false",
        ",\"carrier\":\"vxlan\",\"mesh\":true}|VXLAN|true",
        ",\"carrier\":\"mesh\",\"mesh\":true}|MESH|true",
        ",\"carrier\":\"of a later version\",\"mesh\":true}|AUTO|true",
      })
  void shouldReadRowsOfOtherVersions(String end, SubnetsConfig.Carrier asked, boolean mesh) {
    MemberRow row = Json.read(BEGIN + end, MemberRow.class);

    assertThat(row.side(true)).isEqualTo(new PacketCarrier.Side(asked, true, mesh));
  }
}
