package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TroubleTest {
  @Test
  void shouldSayToWhichPortOthersCanSend() {
    assertThat(Trouble.FENCE.affects(4790))
        .isEqualTo("who can send to UDP port 4790 of this host can send to its pods");
  }
}
