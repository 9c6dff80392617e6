"""Shooters to train on: fingers repeat, and what a program shows and sounds is kept in step, whatever it waits for."""
import shutil
import subprocess

import numpy as np
import pytest

from foleylab.data.arcade import GAMES, KEYS, SKIP_S, START_S, Take, capture, presses
from make_captures import arcade_takes

POINT = 1600  # samples
PROGRAM = r"""
#include <SDL/SDL.h>
static volatile int loud;
static void mix(void *user, Uint8 *out, int bytes) { for (int i = 0; i < bytes / 2; i++) ((short *)out)[i] = loud ? 16000 : 0; }
int main(void) {
    SDL_Init(SDL_INIT_VIDEO | SDL_INIT_AUDIO);
    SDL_Surface *screen = SDL_SetVideoMode(64, 48, 32, SDL_SWSURFACE);
    SDL_AudioSpec wanted = {.freq = 44100, .format = AUDIO_S16SYS, .channels = 1, .samples = 512, .callback = mix};
    SDL_OpenAudio(&wanted, NULL);
    SDL_PauseAudio(0);
    for (;;) {
        SDL_Event event;
        while (SDL_PollEvent(&event)) if (event.type == SDL_KEYDOWN || event.type == SDL_KEYUP) loud = event.type == SDL_KEYDOWN;
        SDL_FillRect(screen, NULL, loud ? 0xffffff : 0);
        SDL_Flip(screen);
        SDL_Delay(loud ? WAIT_MS : 1);
    }
}
"""
tools = pytest.mark.skipif(not all(map(shutil.which, ("cc", "sdl-config", "xvfb-run"))), reason="needs Debian's gcc, libsdl1.2-dev, libgl-dev, xvfb and xauth")


@pytest.mark.parametrize("game", GAMES)
def test_fingers_repeat_and_let_go_of_what_they_press(game):
    take = Take(game, 3, 30.0)
    found = presses(take)
    assert found == presses(take) and found != presses(Take(game, 4, 30.0))
    assert found == sorted(found) and (START_S, KEYS["z"], 1) in found
    for key in {k for _, k, _ in found}:
        assert sum(1 if down else -1 for _, k, down in found if k == key) == 0
    assert max(at for at, _, down in found if down) > 25  # to the end
    assert len({k for _, k, _ in found}) >= 4


@pytest.mark.parametrize("game", [name for name, game in GAMES.items() if game.restarts])
def test_where_a_title_may_be_back_all_else_is_let_go_before_a_start(game):
    found = presses(Take(game, 3, 60.0))
    held, rested = set(), []
    for at, key, down in found:
        if down and key == KEYS["z"] and not held and at > START_S + 1:
            rested.append(at)
        held = held | {key} if down else held - {key}
    assert len(rested) >= 8  # one in 5 to 7 s


def test_all_takes_are_named_apart():
    takes = arcade_takes((1, 2), 10)
    assert len({t.name for t in takes}) == len(takes) == 2 * len(GAMES)


@tools
@pytest.mark.parametrize("wait_ms", [1, 40])
def test_what_a_picture_starts_is_heard_from_its_first_sample(tmp_path, wait_ms):
    (tmp_path / "program.c").write_text(PROGRAM.replace("WAIT_MS", str(wait_ms)))
    flags = subprocess.run(["sdl-config", "--cflags", "--libs"], capture_output=True, check=True, text=True).stdout.split()
    subprocess.run(["cc", "-o", tmp_path / "program", tmp_path / "program.c", *flags], check=True)
    keys = [(SKIP_S + 0.5, KEYS["z"], 1), (SKIP_S + 1, KEYS["z"], 0)]
    pictures, sound = capture([str(tmp_path / "program")], keys, 2, 1)
    assert pictures.shape == (60, 128, 128, 3) and abs(len(sound) - 96_000) <= 1
    (white,) = np.nonzero(pictures.mean((1, 2, 3)) > 128)
    (loud,) = np.nonzero(np.abs(sound) > 0.25)
    assert 12 <= len(white) <= 18 and np.all(np.diff(white) == 1) and np.all(np.diff(loud) == 1)
    assert abs(loud[0] / POINT - white[0]) <= 0.55 and abs(loud[-1] / POINT - white[-1]) <= 1.05  # pictures are kept every second one


@tools
def test_a_program_that_fails_is_told_by_name():
    with pytest.raises(RuntimeError, match="/bin/false was to show 1 s and ended with 1"):
        capture(["/bin/false"], [], 1, 1)
