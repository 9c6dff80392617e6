"""One of the puzzle games, before a camera that stands still."""
from foleylab.data.games.board_puzzles import PushCrates, SlideTiles, TurnCards
from foleylab.data.games.crates import Crates
from foleylab.data.games.falling_blocks import FallingBlocks
from foleylab.data.games.match_three import MatchThree
from foleylab.data.pictures import hold_camera

PUZZLES = (MatchThree, FallingBlocks, Crates, Crates, PushCrates, SlideTiles, TurnCards)


class Puzzle:
    background = True

    def __init__(self, scene, rng, make=None):
        hold_camera(scene, rng)
        self.game = (make or PUZZLES[rng.integers(len(PUZZLES))])(scene, rng)

    def draw(self, view, t):
        self.game.draw(view, t)
