package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChainReachTest {
  private final ChainReach reach =
      new ChainReach("00000000000000c1")
          .add("10.44.0.0/30", List.of("10.60.0.0/16"))
          .add("10.44.0.4/30", List.of())
          .add("10.44.0.8/30", List.of("10.60.0.0/16", "0.0.0.0/0"));

  @Test
  void shouldLetEachHopsClientReachAllLaterHopsAndWhatTheyAnnounce() {
    assertThat(reach.ahead(2)).containsExactly("10.44.0.8/30", "10.60.0.0/16", "0.0.0.0/0");
    assertThat(reach.ahead(3)).isEmpty();
  }

  @Test
  void shouldPreferWhatAHopAnnouncesItself() {
    assertThat(reach.ahead(1)).containsExactly("10.44.0.4/30", "10.44.0.8/30", "0.0.0.0/0");
  }

  @Test
  void shouldLetEachHopsEndpointReachAllEarlierHops() {
    assertThat(reach.back(1)).isEmpty();
    assertThat(reach.back(3)).containsExactly("10.44.0.0/30", "10.44.0.4/30");
  }
}
